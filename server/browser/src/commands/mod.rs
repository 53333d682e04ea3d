//! The commands, one file per group of the catalogue.

mod assert;
mod compare;
mod cookies;
mod data;
mod dialog;
mod drag;
mod files;
mod interact;
mod keys;
mod misc;
mod mouse;
mod navigate;
mod place;
mod press;
mod select;
mod tabs;
mod wait;
mod write;

use std::path::Path;

use etude::v1::command::Action;
use etude::v1::{Command, ErrorReason};
use etude_engine::backend::ExecuteOptions;
use serde_json::Value;

pub(crate) use misc::evaluate;
pub(crate) use wait::longest as longest_wait;

use crate::page::{Outcome, Page, StepError};
use crate::target;

/// What a command needs besides its own message.
pub(crate) struct Context<'a> {
    pub(crate) options: &'a ExecuteOptions,
    /// The session's folder for files, if the browser runs on this machine and can read it.
    pub(crate) files: Option<&'a Path>,
}

impl Context<'_> {
    /// A command's target as the script takes it.
    pub(crate) fn target(&self, target: Option<&etude::v1::Target>) -> Result<Value, StepError> {
        target::to_script(target, &self.options.variables)
    }
}

/// Executes one command on a page.
pub(crate) async fn run(page: &mut Page, command: &Command, context: &Context<'_>) -> Outcome {
    use Action as A;
    let missing = || StepError::new(ErrorReason::InvalidRequest, "the command is empty");
    match command.action.as_ref().ok_or_else(missing)? {
        A::Navigate(c) => navigate::navigate(page, c, context).await,
        A::GoBack(_) => navigate::traverse(page, -1).await,
        A::GoForward(_) => navigate::traverse(page, 1).await,
        A::Refresh(_) => navigate::refresh(page).await,
        A::ScrollToTop(_) => navigate::scroll(page, "top", 0, 0).await,
        A::ScrollToBottom(_) => navigate::scroll(page, "bottom", 0, 0).await,
        A::ScrollToElement(c) => navigate::scroll_to_element(page, c, context).await,
        A::ScrollToPosition(c) => navigate::scroll(page, "position", c.x, c.y).await,
        A::ScrollBy(c) => navigate::scroll(page, "by", c.x, c.y).await,
        A::ScrollUp(c) => navigate::scroll(page, "by", 0, -navigate::distance(c.pixels)).await,
        A::ScrollDown(c) => navigate::scroll(page, "by", 0, navigate::distance(c.pixels)).await,
        other => run_interaction(page, other, context).await,
    }
}

async fn run_interaction(page: &mut Page, action: &Action, context: &Context<'_>) -> Outcome {
    use Action as A;
    match action {
        A::Click(c) => interact::click(page, c, context).await,
        A::DoubleClick(c) => interact::double_click(page, c, context).await,
        A::RightClick(c) => interact::right_click(page, c, context).await,
        A::Hover(c) => interact::hover(page, c, context).await,
        A::Write(c) => write::write(page, c, context).await,
        A::Clear(c) => write::clear(page, c, context).await,
        A::Focus(c) => interact::focus(page, c, context).await,
        A::Check(c) => interact::check(page, c.target.as_ref(), true, context).await,
        A::Uncheck(c) => interact::check(page, c.target.as_ref(), false, context).await,
        A::PressKey(c) => keys::press_key(page, c, context).await,
        A::MoveMouseToElement(c) => mouse::move_to(page, c.target.as_ref(), context).await,
        A::MoveMouse(c) => mouse::move_by(page, (0.0, 0.0), c.x, c.y).await,
        A::MoveMouseBy(c) => mouse::move_by(page, page.pointer, c.x, c.y).await,
        A::MouseDown(c) => mouse::button(page, c.target.as_ref(), true, context).await,
        A::MouseUp(c) => mouse::button(page, c.target.as_ref(), false, context).await,
        A::MouseEnter(c) => mouse::enter(page, c.target.as_ref(), context).await,
        A::DragAndDrop(c) => drag::drag_and_drop(page, c, context).await,
        A::DragAndDropBy(c) => drag::drag_and_drop_by(page, c, context).await,
        A::SelectOption(c) => select::option(page, c, context).await,
        A::SelectIndex(c) => select::index(page, c.target.as_ref(), c.index, context).await,
        A::SelectLast(c) => select::index(page, c.target.as_ref(), -1, context).await,
        other => run_assertion(page, other, context).await,
    }
}

async fn run_assertion(page: &mut Page, action: &Action, context: &Context<'_>) -> Outcome {
    use Action as A;
    match action {
        A::AssertExists(c) => assert::exists(page, c.target.as_ref(), context).await,
        A::AssertNotExists(c) => assert::absent(page, c.target.as_ref(), "any", context).await,
        A::AssertEquals(c) => assert::value(page, &c.target, "equals", &c.value, context).await,
        A::AssertNotEquals(c) => {
            assert::value(page, &c.target, "not-equals", &c.value, context).await
        }
        A::AssertContains(c) => assert::value(page, &c.target, "contains", &c.value, context).await,
        A::AssertNotContains(c) => {
            assert::value(page, &c.target, "not-contains", &c.value, context).await
        }
        A::AssertGreaterThan(c) => {
            assert::value(page, &c.target, "greater", &c.value, context).await
        }
        A::AssertGreaterThanOrEqual(c) => {
            assert::value(page, &c.target, "greater-or-equal", &c.value, context).await
        }
        A::AssertLessThan(c) => assert::value(page, &c.target, "less", &c.value, context).await,
        A::AssertLessThanOrEqual(c) => {
            assert::value(page, &c.target, "less-or-equal", &c.value, context).await
        }
        A::AssertMatches(c) => assert::value(page, &c.target, "matches", &c.pattern, context).await,
        A::AssertChecked(c) => assert::state(page, &c.target, "checked", context).await,
        A::AssertUnchecked(c) => assert::state(page, &c.target, "unchecked", context).await,
        A::AssertSelected(c) => assert::selected(page, c, context).await,
        A::AssertVisible(c) => assert::visible(page, c.target.as_ref(), context).await,
        A::AssertHidden(c) => assert::absent(page, c.target.as_ref(), "visible", context).await,
        A::AssertEnabled(c) => assert::state(page, &c.target, "enabled", context).await,
        A::AssertDisabled(c) => assert::state(page, &c.target, "disabled", context).await,
        A::AssertAttribute(c) => assert::attribute(page, c, context).await,
        A::AssertCount(c) => assert::count(page, c, context).await,
        A::AssertUrl(c) => assert::url(page, c, context).await,
        A::AssertTitle(c) => assert::title(page, c).await,
        A::AssertAlertText(c) => dialog::assert_text(page, c).await,
        A::AssertNoConsoleErrors(c) => assert::no_console_errors(page, c).await,
        other => run_data(page, other, context).await,
    }
}

async fn run_data(page: &mut Page, action: &Action, context: &Context<'_>) -> Outcome {
    use Action as A;
    match action {
        A::StoreText(c) => data::read(page, &c.target, "text", "", context).await,
        A::StoreValue(c) => data::read(page, &c.target, "property", "", context).await,
        A::StoreAttribute(c) => {
            data::read(page, &c.target, "attribute", &c.attribute, context).await
        }
        A::StoreExpression(c) => data::expression(page, &c.expression, context).await,
        A::StoreUrl(_) => data::of_page(page, "url").await,
        A::StoreTitle(_) => data::of_page(page, "title").await,
        A::StoreCount(c) => data::count(page, c.target.as_ref(), context).await,
        A::StoreCookie(c) => cookies::store(page, c).await,
        A::StoreElement(c) => data::element(page, c.target.as_ref(), context).await,
        A::CreateCookie(c) => cookies::create(page, c).await,
        A::DeleteCookie(c) => cookies::delete(page, Some(&c.name)).await,
        A::ClearCookies(_) => cookies::delete(page, None).await,
        A::DismissAlert(_) => dialog::alert(page).await,
        A::DismissConfirm(c) => dialog::confirm(page, c.accept).await,
        A::DismissPrompt(c) => dialog::prompt(page, c.accept, None).await,
        A::AnswerPrompt(c) => dialog::prompt(page, true, Some(&c.text)).await,
        other => run_wait(page, other, context).await,
    }
}

async fn run_wait(page: &mut Page, action: &Action, context: &Context<'_>) -> Outcome {
    use Action as A;
    match action {
        A::WaitForElement(c) => wait::visible(page, &c.target, &c.max, context).await,
        A::WaitTime(c) => wait::time(c.duration.as_ref()).await,
        A::WaitVisible(c) => wait::visible(page, &c.target, &c.max, context).await,
        A::WaitHidden(c) => wait::hidden(page, &c.target, &c.max, context).await,
        A::WaitUrl(c) => wait::of_page(page, "url", &c.url, c.r#match(), &c.max).await,
        A::WaitTitle(c) => wait::of_page(page, "title", &c.title, c.r#match(), &c.max).await,
        A::WaitText(c) => wait::text(page, c, context).await,
        A::WaitNetworkIdle(c) => wait::network_idle(page, c).await,
        A::WaitExpression(c) => wait::expression(page, c, context).await,
        other => run_window(page, other, context).await,
    }
}

async fn run_window(page: &mut Page, action: &Action, context: &Context<'_>) -> Outcome {
    use Action as A;
    match action {
        A::ResizeWindow(c) => tabs::resize(page, c.width, c.height).await,
        A::MaximizeWindow(_) => tabs::maximize(page).await,
        A::NewTab(c) => tabs::open(page, c, context).await,
        A::CloseTab(_) => tabs::close(page).await,
        A::SwitchToNextTab(_) => tabs::neighbour(page, 1).await,
        A::SwitchToPreviousTab(_) => tabs::neighbour(page, -1).await,
        A::SwitchToTab(c) => tabs::by_index(page, c.index).await,
        A::SwitchToTabByTitle(c) => tabs::matching(page, "title", &c.title, c.r#match()).await,
        A::SwitchToTabByUrl(c) => tabs::matching(page, "url", &c.url, c.r#match()).await,
        A::SwitchToFrame(c) => tabs::frame(page, c.target.as_ref(), context).await,
        A::SwitchToFrameByName(c) => tabs::frame_by_name(page, &c.name).await,
        A::SwitchToFrameByIndex(c) => tabs::frame_by_index(page, c.index).await,
        A::SwitchToParentFrame(_) => tabs::parent_frame(page).await,
        A::SwitchToMainFrame(_) => tabs::main_frame(page).await,
        A::UploadFile(c) => files::upload(page, c.target.as_ref(), context).await,
        A::UploadUrl(c) => files::upload(page, c.target.as_ref(), context).await,
        A::Download(c) => files::download(page, c.target.as_ref(), context).await,
        A::ExecuteScript(c) => misc::execute(page, c, context).await,
        A::TakeScreenshot(c) => misc::screenshot(page, c, context).await,
        A::Comment(_) => Ok(None),
        _ => Err(StepError::new(
            ErrorReason::CommandUnsupported,
            "this command is executed by the server, not by the browser",
        )),
    }
}
