//! All routes.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post, put};

use super::answer::{no_route, render};
use super::request::{authorize, refuse_pages};
use super::{
    Local, api_tests, checkpoints, environments, executions, goals, journeys, library, people,
    plans, projects, scripts, steps, steps_list, test_data,
};

/// Most bytes of a body: a table of 200,000 rows.
const BODY_BYTES: usize = 64 << 20;

/// The whole server.
pub fn router(local: Local) -> Router {
    let api = organizations()
        .merge(structure())
        .merge(authoring())
        .merge(data())
        .merge(running())
        .layer(from_fn(render))
        .layer(from_fn_with_state(local.clone(), authorize))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .method_not_allowed_fallback(no_route);
    let open = Router::new()
        .route("/auth/sso", get(people::sign_on))
        .layer(from_fn(render))
        .method_not_allowed_fallback(no_route);
    Router::new()
        .nest("/api", api.merge(open))
        .route("/files/screenshots/{file}", get(executions::screenshot))
        .route(
            "/files/executions/{id}/events/{file}",
            get(executions::events),
        )
        .fallback(no_route)
        .layer(from_fn(refuse_pages))
        .with_state(local)
}

/// Users, organizations and what the platform counts.
fn organizations() -> Router<Local> {
    Router::new()
        .route("/user", get(people::me))
        .route("/user/tokens", get(people::tokens))
        .route("/organizations/{id}", get(people::organization))
        .route("/organizations/{id}/users", get(people::users))
        .route("/organizations/{id}/project-roles", get(people::roles))
        .route("/organizations/{id}/scripts", get(scripts::of_organization))
        .route("/organizations/{id}/usage", get(projects::not_here))
        .route(
            "/organizations/{id}/usage/aggregated",
            get(projects::not_here),
        )
        .route("/organizations/{id}/jobs/usage", get(projects::not_here))
        .route("/limits", get(people::limits))
        .route("/bridges", get(people::none))
        .route("/integrations", get(people::none))
        .route("/integrations/installations", get(people::none))
        .route("/projects/metrics/{what}", get(projects::not_here))
        .route("/goals/metrics/{what}", get(projects::not_here))
        .route("/goals/metrics/executions/history", get(projects::not_here))
        .route("/environments/{id}/metrics", get(projects::not_here))
}

/// Projects, goals and snapshots.
fn structure() -> Router<Local> {
    Router::new()
        .route("/projects", get(projects::list).post(projects::create))
        .route(
            "/projects/{id}",
            get(projects::get).delete(projects::archive),
        )
        .route("/projects/{id}/goals", get(goals::of_project))
        .route("/projects/{id}/environments", get(environments::of_project))
        .route("/projects/{id}/scripts", get(scripts::of_project))
        .route("/projects/{id}/snapshots", get(projects::snapshots))
        .route("/tags/projects/{id}", get(projects::tags))
        .route("/goals", get(goals::list).post(goals::create))
        .route("/goals/{id}", get(goals::get).delete(goals::archive))
        .route(
            "/goals/{id}/versions",
            get(goals::list_versions).post(goals::commit),
        )
        .route("/goals/{id}/checkpoints", get(goals::list_checkpoints))
        .route("/goals/{id}/contributors", get(goals::contributors))
        .route("/goals/{id}/export/{snapshot}", get(goals::export))
        .route("/snapshots/{id}", get(goals::get_snapshot))
        .route(
            "/snapshots/{id}/goals/{goal}/testsuites",
            get(goals::journeys_of),
        )
}

/// Journeys, checkpoints, the library and steps.
fn authoring() -> Router<Local> {
    Router::new()
        .route("/testsuites", post(journeys::create))
        .route("/testsuites/latest_status", get(journeys::latest_status))
        .route(
            "/testsuites/{id}",
            get(journeys::get)
                .put(journeys::update)
                .delete(journeys::archive),
        )
        .route(
            "/testsuites/{id}/checkpoints/attach",
            post(journeys::attach),
        )
        .route("/testsuites/{id}/history", get(journeys::nobody_else))
        .route("/testsuites/{id}/contributors", get(journeys::nobody_else))
        .route("/testsuites/{id}/users", get(journeys::nobody_else))
        .route("/testcases", post(checkpoints::create))
        .route(
            "/testcases/{id}",
            get(checkpoints::get).put(checkpoints::update),
        )
        .route("/testcases/{id}/steps/{step}", delete(steps::delete))
        .route("/testcases/{id}/add-to-library", post(library::add))
        .route(
            "/checkpoints/{id}/teststeps",
            get(steps_list::of_checkpoint),
        )
        .route("/library/checkpoints", get(library::list))
        .route("/library/checkpoints/create", post(library::create))
        .route(
            "/library/checkpoints/{id}",
            get(library::get).put(library::update),
        )
        .route(
            "/library/checkpoints/{id}/steps/{step}/move",
            post(library::move_step),
        )
        .route(
            "/library/checkpoints/{id}/steps/{step}",
            delete(library::remove_step),
        )
        .route("/teststeps", post(steps::create))
        .route("/teststeps/{id}", get(steps_list::get))
        .route("/teststeps/{id}/properties", put(steps::set_properties))
        .route(
            "/timelines/journeys/{id}/checkpoints/{checkpoint}/steps/{step}",
            get(steps_list::timeline),
        )
}

/// Environments, test data, scripts and API tests.
fn data() -> Router<Local> {
    Router::new()
        .route("/environments", post(environments::create))
        .route("/environments/create", post(environments::create))
        .route(
            "/environments/{id}",
            get(environments::get).delete(environments::delete),
        )
        .route(
            "/environments/{id}/variables",
            post(environments::add_variable),
        )
        .route(
            "/environments/{id}/variables/{name}",
            put(environments::update_variable).delete(environments::delete_variable),
        )
        .route("/testdata/tables", get(test_data::list))
        .route("/testdata/tables/create", post(test_data::create))
        .route("/testdata/tables/clone", post(test_data::clone))
        .route(
            "/testdata/tables/{id}",
            get(test_data::get)
                .put(test_data::update)
                .delete(test_data::delete),
        )
        .route(
            "/testdata/tables/{id}/values",
            get(test_data::values).put(test_data::set_values),
        )
        .route("/testdata/tables/{id}/import", post(test_data::import))
        .route("/scripts", post(scripts::create))
        .route("/scripts/{id}", get(scripts::get).put(scripts::update))
        .route("/api-tests", get(api_tests::list))
}

/// Executions and plans.
fn running() -> Router<Local> {
    Router::new()
        .route("/goals/{id}/execute", post(executions::execute_goal))
        .route(
            "/goals/{id}/snapshots/{snapshot}/execute",
            post(executions::execute_snapshot),
        )
        .route(
            "/testsuites/{id}/execute",
            post(executions::execute_journey),
        )
        .route("/testsuites/execution", get(executions::execution_journeys))
        .route("/projects/{id}/jobs", get(executions::of_project))
        .route("/executions/{id}", get(executions::get))
        .route("/executions/{id}/status", get(executions::status))
        .route("/jobs/{id}/status", get(executions::status))
        .route("/executions/{id}/cancel", post(executions::cancel))
        .route(
            "/executions/{id}/failures/rerun",
            post(executions::rerun_failures),
        )
        .route(
            "/executions/{id}/failures/explain",
            post(projects::not_here),
        )
        .route("/executions/analysis/{id}", get(executions::analyze))
        .route(
            "/executions/{id}/suites/{suite}/cases/{case}/steps/{step}",
            get(executions::step_of_suite),
        )
        .route(
            "/executions/{id}/suites/{suite}/library-checkpoints/{case}/steps/{step}",
            get(executions::step_of_library),
        )
        .route("/elements/healing", get(people::none))
        .route("/tickets", get(people::none))
        .route("/plans", get(plans::list).post(plans::create))
        .route("/plans/executions/{id}", get(plans::get))
        .route(
            "/plans/executions/{id}/execute",
            post(plans::execute).put(plans::execute),
        )
        .route("/plans/executions/status/{id}", get(plans::status))
}
