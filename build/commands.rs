//! Generates what is the same for every command: conversions between a command, its request and
//! its response, and a macro that names every method for the server to implement.

use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind};

use super::names::{camel, ident, snake};

/// The source of the conversions and of `for_each_command_service!`.
pub(super) fn generate(pool: &DescriptorPool) -> String {
    let actions = actions(pool);
    conversions(&actions) + &services(pool, &actions)
}

/// The fields of `Command`, one for each command.
pub(super) fn actions(pool: &DescriptorPool) -> Vec<FieldDescriptor> {
    pool.get_message_by_name("etude.v1.Command")
        .iter()
        .flat_map(|m| m.fields())
        .collect()
}

fn conversions(actions: &[FieldDescriptor]) -> String {
    let mut out = String::new();
    let mut numbers = String::new();
    // Writing to a String cannot fail.
    for action in actions {
        let Kind::Message(message) = action.kind() else {
            continue;
        };
        let (name, field) = (message.name(), ident(action.name()));
        let variant = camel(action.name());
        let _ = writeln!(
            numbers,
            "            Self::{variant}(_) => {},",
            action.number()
        );
        let _ = writeln!(
            out,
            "impl From<v1::{name}> for v1::Command {{\n    fn from(command: v1::{name}) -> Self {{\n        \
             v1::Command {{ action: Some(Action::{variant}(command)) }}\n    }}\n}}\n\n\
             impl CommandRequest for v1::{name}Request {{\n    fn into_parts(self) -> (Option<v1::CommandContext>, v1::Command) {{\n        \
             (self.context, self.{field}.unwrap_or_default().into())\n    }}\n}}\n\n\
             impl CallCommand for v1::{name} {{\n    type Request = v1::{name}Request;\n\n    \
             fn into_request(self, context: v1::CommandContext) -> v1::{name}Request {{\n        \
             v1::{name}Request {{ context: Some(context), {field}: Some(self) }}\n    }}\n}}\n\n\
             impl From<v1::StepResult> for v1::{name}Response {{\n    \
             fn from(result: v1::StepResult) -> Self {{\n        v1::{name}Response {{ result: Some(result) }}\n    }}\n}}\n\n\
             impl CommandResponse for v1::{name}Response {{\n    \
             fn into_result(self) -> Option<v1::StepResult> {{\n        self.result\n    }}\n}}\n"
        );
    }
    let _ = writeln!(
        out,
        "impl Action {{\n    /// Number of the action's field in `Command`.\n    \
         pub fn field_number(&self) -> u32 {{\n        match self {{\n{numbers}        }}\n    }}\n}}\n"
    );
    out
}

/// One call of the callback for each service whose methods all execute a command.
fn services(pool: &DescriptorPool, actions: &[FieldDescriptor]) -> String {
    let mut calls = String::new();
    for service in pool
        .services()
        .filter(|service| service.package_name() == "etude.v1")
    {
        let command = |method: &prost_reflect::MethodDescriptor| {
            actions.iter().any(|action| match action.kind() {
                Kind::Message(message) => message.name() == method.name(),
                _ => false,
            })
        };
        if !service.methods().all(|method| command(&method)) {
            continue;
        }
        let name = service.name();
        let _ = writeln!(
            calls,
            "        $callback! {{ {}_server, {name}, {name}Server,",
            snake(name)
        );
        for method in service.methods() {
            let (input, output) = (method.input(), method.output());
            let method = snake(method.name());
            let _ = writeln!(
                calls,
                "            {method} {} {};",
                input.name(),
                output.name()
            );
        }
        let _ = writeln!(calls, "        }}");
    }
    format!(
        "/// Calls `$callback!` once for every service of commands with its module, trait and server, and\n\
         /// with `method Request Response;` for each of its methods.\n#[macro_export]\n\
         macro_rules! for_each_command_service {{\n    ($callback:ident) => {{\n{calls}    }};\n}}\n"
    )
}
