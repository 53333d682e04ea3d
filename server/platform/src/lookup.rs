//! Finding resources by what people call them.

mod by_name;
mod by_path;
mod members;
mod route;
#[cfg(test)]
mod tests;

pub(crate) use by_name::{find_goal, find_journey, find_project, id_in, refuse_resource, single};
pub(crate) use by_path::resolve;
