//! The structure format: a project with goals, goals with journeys, journeys with checkpoints. All
//! of it becomes one test, whose checkpoints are named by their journey.

use etude::v1::ErrorReason;

use super::Rewriter;
use super::build::{Out, entry};
use crate::source::Span;
use crate::suggest::plain;
use crate::tree::{Content, Entry, NodeId};

impl<'s> Rewriter<'_, 's> {
    /// The test of a whole structure.
    pub(super) fn structure(&mut self, root: NodeId) -> NodeId {
        let span = self.span(root);
        let project = self.find(root, "project");
        let named = project.and_then(|project| self.find(project, "name"));
        let goals = self.items(root, "goals");
        let name = named.or_else(|| goals.iter().find_map(|goal| self.find(*goal, "name")));
        let name = name.unwrap_or_else(|| self.text("Structure", span));
        let mut out = vec![entry("name", self.span(name), name)];
        if let Some(description) = project.and_then(|project| self.find(project, "description")) {
            out.push(entry("description", self.span(description), description));
        }
        let mut checkpoints = Vec::new();
        for (index, goal) in goals.iter().enumerate() {
            match self.find(*goal, "url") {
                Some(url) if index == 0 => {
                    self.start = Some(url);
                    out.push(entry("starting_url", self.span(url), url));
                    self.goal(*goal, None, &mut checkpoints);
                }
                url => self.goal(*goal, url, &mut checkpoints),
            }
        }
        let checkpoints = self.list(checkpoints, span);
        out.push(entry("checkpoints", span, checkpoints));
        self.map(out, span)
    }

    fn goal(&mut self, goal: NodeId, mut url: Option<NodeId>, out: &mut Vec<NodeId>) {
        for journey in self.items(goal, "journeys") {
            let journey_name = self.find(journey, "name").and_then(|name| self.word(name));
            for checkpoint in self.items(journey, "checkpoints") {
                let span = self.span(checkpoint);
                let own = self
                    .find(checkpoint, "name")
                    .and_then(|name| self.word(name));
                let name: Vec<_> = journey_name.iter().chain(&own).map(AsRef::as_ref).collect();
                let name = self.text(name.join(" / "), span);
                let first = self.find(checkpoint, "navigation_url").or(url.take());
                let steps = self.structure_steps(checkpoint, first, span);
                let entries = vec![entry("name", span, name), entry("steps", span, steps)];
                out.push(self.map(entries, span));
            }
        }
    }

    fn structure_steps(&mut self, checkpoint: NodeId, first: Option<NodeId>, span: Span) -> NodeId {
        let mut steps = Vec::new();
        if let Some(url) = first {
            let at = self.span(url);
            let navigate = Out::new("navigate", at).with("url", Some(entry("url", at, url)));
            steps.push(self.step(navigate, &[], at));
        }
        if let Some(given) = self.find(checkpoint, "steps") {
            let rewritten = self.steps(given);
            match &self.tree.node(rewritten).content {
                Content::List(items) => steps.extend(items.clone()),
                _ => {
                    let at = self.span(given);
                    self.error(
                        at,
                        ErrorReason::WrongType,
                        "a list of steps must stand here",
                        "begin each step with \"- \"",
                    );
                }
            }
        }
        self.list(steps, span)
    }

    /// The value of a key of a map.
    fn find(&self, id: NodeId, name: &str) -> Option<NodeId> {
        let Content::Map(entries) = &self.tree.node(id).content else {
            return None;
        };
        let is_it = |entry: &&Entry<'_>| plain(&entry.key) == name;
        entries.iter().find(is_it).map(|entry| entry.value)
    }

    fn items(&self, id: NodeId, name: &str) -> Vec<NodeId> {
        match self.find(id, name).map(|id| &self.tree.node(id).content) {
            Some(Content::List(items)) => items.clone(),
            _ => Vec::new(),
        }
    }
}
