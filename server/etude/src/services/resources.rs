//! The services of the platform's resources.
//!
//! Each method of the contract is one function of [`etude_platform::resources`]; what is here is
//! what they have in common: the check of the request, the choice of the platform, and that a
//! repeated request id is answered as before.

use std::pin::Pin;

use etude::v1;
use etude_engine::Result;
use etude_platform::client::Client;
use etude_platform::resources;
use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use super::{answer, check};
use crate::answers::{Answers, Fingerprint};
use crate::platforms::{Chosen, Platforms};
use crate::status::to_status;
use crate::webhooks::Inboxes;

/// The metadata of a call that names its platform.
const PLATFORM: &str = "etude-platform";

/// Serves the platform's resources.
#[derive(Clone)]
pub(super) struct Resources {
    platforms: Platforms,
    pub(super) inboxes: Inboxes,
    answers: Answers,
}

impl Resources {
    pub(super) fn new(platforms: Platforms, inboxes: Inboxes, answers: Answers) -> Self {
        Self {
            platforms,
            inboxes,
            answers,
        }
    }

    /// The client of the platform that a call is for.
    pub(super) fn client<M>(&self, request: &Request<M>) -> Result<Client, Status> {
        let chosen = self.chosen(request).and_then(|chosen| chosen.client);
        chosen.map_err(to_status)
    }

    /// The platform that a call is for.
    pub(super) fn chosen<M>(&self, request: &Request<M>) -> Result<Chosen> {
        let named = request.metadata().get(PLATFORM);
        let named = named.map_or("", |value| value.to_str().unwrap_or("?"));
        self.platforms.chosen(PLATFORM, named)
    }
}

/// What a method streams.
pub(super) type Messages<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send>>;

/// The messages of a stream, or why there is none.
pub(super) fn messages<A>(
    stream: Result<impl Stream<Item = Result<A>> + Send + 'static>,
) -> Result<Response<Messages<A>>, Status> {
    let stream = stream.map_err(to_status)?;
    Ok(Response::new(
        stream.map(|item| item.map_err(to_status)).boxed(),
    ))
}

/// Implements services by the functions of a module: those that write, each once for a request id;
/// those that read; those that stream.
macro_rules! serve {
    ($($stub:ident $service:ident by $module:ident {
        $(write $write:ident($write_request:ident) -> $write_response:ident;)*
        $(read $read:ident($read_request:ident) -> $read_response:ident;)*
        $(stream $stream:ident($stream_request:ident) -> $stream_response:ident as $answers:ident;)*
    })*) => {$(
        #[tonic::async_trait]
        impl v1::$stub::$service for Resources {
            $(async fn $write(
                &self,
                request: Request<v1::$write_request>,
            ) -> Result<Response<v1::$write_response>, Status> {
                let client = self.client(&request)?;
                answer(request, async |request| {
                    let id = request.request_id.clone();
                    let account = [client.name(), client.base_url()];
                    let print = Fingerprint::of(stringify!($write), account, &request);
                    let work =
                        async move { resources::$module::$write(&client, request).await };
                    self.answers.once(&id, print, work).await
                })
                .await
            })*

            $(async fn $read(
                &self,
                request: Request<v1::$read_request>,
            ) -> Result<Response<v1::$read_response>, Status> {
                let client = self.client(&request)?;
                answer(request, async |request| {
                    resources::$module::$read(&client, request).await
                })
                .await
            })*

            $(type $answers = Messages<v1::$stream_response>;

            async fn $stream(
                &self,
                request: Request<v1::$stream_request>,
            ) -> Result<Response<Self::$answers>, Status> {
                let client = self.client(&request)?;
                let request = check(request)?;
                messages(resources::$module::$stream(&client, request).await)
            })*
        }
    )*};
}

serve! {
    project_service_server ProjectService by projects {
        write create_project(CreateProjectRequest) -> CreateProjectResponse;
        write delete_project(DeleteProjectRequest) -> DeleteProjectResponse;
        read get_project(GetProjectRequest) -> GetProjectResponse;
        read list_projects(ListProjectsRequest) -> ListProjectsResponse;
    }
    goal_service_server GoalService by goals {
        write create_goal(CreateGoalRequest) -> CreateGoalResponse;
        write delete_goal(DeleteGoalRequest) -> DeleteGoalResponse;
        read get_goal(GetGoalRequest) -> GetGoalResponse;
        read list_goals(ListGoalsRequest) -> ListGoalsResponse;
        read list_snapshots(ListSnapshotsRequest) -> ListSnapshotsResponse;
        read list_goal_checkpoints(ListGoalCheckpointsRequest) -> ListGoalCheckpointsResponse;
    }
    journey_service_server JourneyService by journeys {
        write create_journey(CreateJourneyRequest) -> CreateJourneyResponse;
        write update_journey(UpdateJourneyRequest) -> UpdateJourneyResponse;
        write delete_journey(DeleteJourneyRequest) -> DeleteJourneyResponse;
        write attach_checkpoint(AttachCheckpointRequest) -> AttachCheckpointResponse;
        read get_journey(GetJourneyRequest) -> GetJourneyResponse;
        read list_journeys(ListJourneysRequest) -> ListJourneysResponse;
    }
    checkpoint_service_server CheckpointService by checkpoints {
        write create_checkpoint(CreateCheckpointRequest) -> CreateCheckpointResponse;
        read get_checkpoint(GetCheckpointRequest) -> GetCheckpointResponse;
        read list_checkpoints(ListCheckpointsRequest) -> ListCheckpointsResponse;
    }
    step_service_server StepService by steps {
        write create_step(CreateStepRequest) -> CreateStepResponse;
        write update_step(UpdateStepRequest) -> UpdateStepResponse;
        write delete_step(DeleteStepRequest) -> DeleteStepResponse;
        read get_step(GetStepRequest) -> GetStepResponse;
        read list_steps(ListStepsRequest) -> ListStepsResponse;
    }
    library_checkpoint_service_server LibraryCheckpointService by library_checkpoints {
        write create_library_checkpoint(CreateLibraryCheckpointRequest) -> CreateLibraryCheckpointResponse;
        write update_library_checkpoint(UpdateLibraryCheckpointRequest) -> UpdateLibraryCheckpointResponse;
        write move_library_step(MoveLibraryStepRequest) -> MoveLibraryStepResponse;
        write delete_library_step(DeleteLibraryStepRequest) -> DeleteLibraryStepResponse;
        read get_library_checkpoint(GetLibraryCheckpointRequest) -> GetLibraryCheckpointResponse;
    }
    environment_service_server EnvironmentService by environments {
        write create_environment(CreateEnvironmentRequest) -> CreateEnvironmentResponse;
        write delete_environment(DeleteEnvironmentRequest) -> DeleteEnvironmentResponse;
        write set_environment_variable(SetEnvironmentVariableRequest) -> SetEnvironmentVariableResponse;
        write delete_environment_variable(DeleteEnvironmentVariableRequest) -> DeleteEnvironmentVariableResponse;
        read list_environments(ListEnvironmentsRequest) -> ListEnvironmentsResponse;
    }
    test_data_table_service_server TestDataTableService by test_data_tables {
        write create_test_data_table(CreateTestDataTableRequest) -> CreateTestDataTableResponse;
        write update_test_data_table(UpdateTestDataTableRequest) -> UpdateTestDataTableResponse;
        write delete_test_data_table(DeleteTestDataTableRequest) -> DeleteTestDataTableResponse;
        write clone_test_data_table(CloneTestDataTableRequest) -> CloneTestDataTableResponse;
        write set_test_data_cells(SetTestDataCellsRequest) -> SetTestDataCellsResponse;
        write import_test_data_rows(ImportTestDataRowsRequest) -> ImportTestDataRowsResponse;
        read get_test_data_table(GetTestDataTableRequest) -> GetTestDataTableResponse;
        stream read_test_data_rows(ReadTestDataRowsRequest) -> ReadTestDataRowsResponse as ReadTestDataRowsStream;
        stream export_test_data_table(ExportTestDataTableRequest) -> ExportTestDataTableResponse as ExportTestDataTableStream;
    }
    extension_service_server ExtensionService by extensions {
        write create_extension(CreateExtensionRequest) -> CreateExtensionResponse;
        write update_extension(UpdateExtensionRequest) -> UpdateExtensionResponse;
        read get_extension(GetExtensionRequest) -> GetExtensionResponse;
        read list_extensions(ListExtensionsRequest) -> ListExtensionsResponse;
    }
    api_test_service_server ApiTestService by api_tests {
        read list_api_tests(ListApiTestsRequest) -> ListApiTestsResponse;
    }
    plan_service_server PlanService by plans {
        write execute_plan(ExecutePlanRequest) -> ExecutePlanResponse;
        read get_plan(GetPlanRequest) -> GetPlanResponse;
        read get_plan_execution(GetPlanExecutionRequest) -> GetPlanExecutionResponse;
    }
    execution_service_server ExecutionService by executions {
        write create_execution(CreateExecutionRequest) -> CreateExecutionResponse;
        write cancel_execution(CancelExecutionRequest) -> CancelExecutionResponse;
        write rerun_failures(RerunFailuresRequest) -> RerunFailuresResponse;
        read get_execution(GetExecutionRequest) -> GetExecutionResponse;
        read list_executions(ListExecutionsRequest) -> ListExecutionsResponse;
        read get_execution_results(GetExecutionResultsRequest) -> GetExecutionResultsResponse;
        read analyze_execution(AnalyzeExecutionRequest) -> AnalyzeExecutionResponse;
        stream watch_execution(WatchExecutionRequest) -> WatchExecutionResponse as WatchExecutionStream;
    }
}
