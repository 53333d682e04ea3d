//! Places given by numbers.

use etude::v1::LintLevel;
use etude::v1::command::Action;

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "brittle-position",
    level: LintLevel::Note,
    summary: "a point of the page, an option, a tab or a frame is given by a number",
    why: "Coordinates change with the layout, and numbers of options, tabs and frames with what \
          is added before them. The step then succeeds on something else.",
    instead: "Name the element, the option, or the title or address of the tab.",
    needs_whole: false,
    bad: Example::Steps("  - select_index: {from: Country, index: 3}\n  - switch_frame_index: 1\n"),
    good: Example::Steps(
        "  - select: {option: France, from: Country}\n  - switch_frame: Payment\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for said in &context.commands {
        let (message, advice) = match said.action {
            Action::MoveMouse(_) => (
                "the pointer goes to a point of the viewport",
                "name the element: \"move_mouse_to: Save\" or \"hover: Save\"",
            ),
            Action::SelectIndex(_) => (
                "the option is chosen by its number",
                "name it: \"select: {option: France, from: Country}\"",
            ),
            Action::SwitchToTab(_) => (
                "the tab is chosen by its number",
                "name it: \"switch_tab_title: Terms\"",
            ),
            Action::SwitchToFrameByIndex(_) => (
                "the frame is chosen by its number",
                "name it: \"switch_frame: Payment\"",
            ),
            _ => continue,
        };
        found.add(context.span(&said.path), message, advice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, steps};

    #[test]
    fn numbers_that_stand_for_things_are_found() {
        let file =
            steps("  - switch_tab: 1\n  - mouse_to: {x: 1, y: 2}\n  - switch_frame_index: 1\n");
        let found = hits(&RULE, &file);
        assert!(found.contains(&"4:5 switch_tab".to_owned()), "{found:?}");
        let file =
            steps("  - next_tab\n  - scroll_to: {x: 0, y: 500}\n  - click: {text: A, nth: 2}\n");
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }
}
