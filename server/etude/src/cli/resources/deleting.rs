//! Deleting what holds other resources: what goes along is told, and asked for.

use clap::ArgMatches;
use etude::Client;
use etude::v1;
use etude::v1::goal_service_client::GoalServiceClient;
use etude::v1::journey_service_client::JourneyServiceClient;
use etude::v1::test_data_table_service_client::TestDataTableServiceClient;
use prost_reflect::MethodDescriptor;
use tonic::Request;
use tonic::metadata::MetadataMap;

use super::super::confirm::Question;
use super::super::interrupt::Interrupt;
use super::super::problem::Problem;
use super::YES_OPTION;

/// The methods that take along what is below.
const TAKE_ALONG: [&str; 3] = ["DeleteProject", "DeleteGoal", "DeleteTestDataTable"];

/// Items of a page.
const PAGE: i32 = 1000;

/// Whether a method deletes what holds other things.
pub(super) fn takes_along(method: &MethodDescriptor) -> bool {
    TAKE_ALONG.contains(&method.name())
}

/// Asks before a resource is deleted with what it holds, unless the user has agreed by an option.
/// `shown` is its name for people.
///
/// # Errors
///
/// The user does not agree, or cannot be asked; what it holds cannot be read.
pub(super) async fn ask(
    client: &Client,
    metadata: &MetadataMap,
    (name, shown): (&str, &str),
    matches: &ArgMatches,
) -> Result<(), Problem> {
    if matches.get_flag(YES_OPTION) {
        return Ok(());
    }
    let reader = Reader { client, metadata };
    let along = match name.split('/').next() {
        Some("projects") => {
            let goals = reader.goals(name).await?;
            let mut journeys = 0;
            for goal in &goals {
                journeys += reader.journeys(&goal.name).await?;
            }
            format!(
                "{} with {} and its environments, tables of test data, extensions and plans",
                count(goals.len(), "goal"),
                count(journeys, "journey")
            )
        }
        Some("goals") => format!(
            "{} and the goal's checkpoints",
            count(reader.journeys(name).await?, "journey")
        ),
        _ => count(reader.rows(name).await?, "row"),
    };
    let question = Question {
        asked: format!("{shown} is deleted, and with it {along}"),
        unasked: format!("deleting {shown} takes along {along}; add --yes if that is meant"),
        refused: "nothing was deleted",
    };
    question.ask(&mut Interrupt::listen()?).await
}

fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

/// Reads what resources hold.
struct Reader<'a> {
    client: &'a Client,
    metadata: &'a MetadataMap,
}

impl Reader<'_> {
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        *request.metadata_mut() = self.metadata.clone();
        request
    }

    async fn goals(&self, project: &str) -> Result<Vec<v1::Goal>, Problem> {
        let mut service = GoalServiceClient::new(self.client.channel());
        let mut all = Vec::new();
        let mut token = String::new();
        loop {
            let request = self.request(v1::ListGoalsRequest {
                project: project.to_owned(),
                page_size: PAGE,
                page_token: token,
            });
            let page = service.list_goals(request).await;
            let page = page.map_err(etude::Error::from)?.into_inner();
            all.extend(page.goals);
            token = page.next_page_token;
            if token.is_empty() {
                return Ok(all);
            }
        }
    }

    async fn journeys(&self, goal: &str) -> Result<usize, Problem> {
        let mut service = JourneyServiceClient::new(self.client.channel());
        let mut count = 0;
        let mut token = String::new();
        loop {
            let request = self.request(v1::ListJourneysRequest {
                goal: goal.to_owned(),
                page_size: PAGE,
                page_token: token,
                ..v1::ListJourneysRequest::default()
            });
            let page = service.list_journeys(request).await;
            let page = page.map_err(etude::Error::from)?.into_inner();
            count += page.journeys.len();
            token = page.next_page_token;
            if token.is_empty() {
                return Ok(count);
            }
        }
    }

    async fn rows(&self, table: &str) -> Result<usize, Problem> {
        let mut service = TestDataTableServiceClient::new(self.client.channel());
        let request = self.request(v1::GetTestDataTableRequest {
            name: table.to_owned(),
        });
        let answer = service.get_test_data_table(request).await;
        let answer = answer.map_err(etude::Error::from)?.into_inner();
        let rows = answer.table.unwrap_or_default().row_count;
        Ok(usize::try_from(rows).unwrap_or_default())
    }
}
