//! Commands in few words.

use etude::v1::command::Action;
use etude::v1::target::Locator;
use etude::v1::{self, Command, ElementKind, Target, TargetPosition};

pub fn command(action: Action) -> Command {
    Command {
        action: Some(action),
    }
}

pub fn hint(text: &str) -> Target {
    locator(Locator::Hint(text.to_owned()))
}

pub fn css(selector: &str) -> Target {
    locator(Locator::Css(selector.to_owned()))
}

pub fn locator(locator: Locator) -> Target {
    Target {
        locator: Some(locator),
        ..Target::default()
    }
}

pub fn of_kind(text: &str, kind: ElementKind) -> Target {
    Target {
        kind: kind.into(),
        ..hint(text)
    }
}

pub fn at(text: &str, position: TargetPosition) -> Target {
    Target {
        position: position.into(),
        ..hint(text)
    }
}

pub fn navigate(url: &str) -> Command {
    command(Action::Navigate(v1::Navigate {
        url: url.to_owned(),
        ..Default::default()
    }))
}

pub fn click(target: Target) -> Command {
    command(Action::Click(v1::Click {
        target: Some(target),
        ..Default::default()
    }))
}

pub fn write(target: Target, text: &str) -> Command {
    let text = text.to_owned();
    command(Action::Write(v1::Write {
        target: Some(target),
        text,
        ..Default::default()
    }))
}

pub fn press(key: &str) -> Command {
    command(Action::PressKey(v1::PressKey {
        key: key.to_owned(),
        ..Default::default()
    }))
}

pub fn exists(target: Target) -> Command {
    command(Action::AssertExists(v1::AssertExists {
        target: Some(target),
    }))
}

pub fn not_exists(target: Target) -> Command {
    command(Action::AssertNotExists(v1::AssertNotExists {
        target: Some(target),
    }))
}

pub fn equals(target: Target, value: &str) -> Command {
    let value = value.to_owned();
    command(Action::AssertEquals(v1::AssertEquals {
        target: Some(target),
        value,
    }))
}

pub fn text_of(target: Target) -> Command {
    let variable = "v".to_owned();
    command(Action::StoreText(v1::StoreText {
        target: Some(target),
        variable,
    }))
}

pub fn select(target: Target, option: &str) -> Command {
    let option = option.to_owned();
    command(Action::SelectOption(v1::SelectOption {
        target: Some(target),
        option,
    }))
}
