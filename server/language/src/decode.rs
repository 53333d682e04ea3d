//! From the tree to the typed test, by what the descriptors say.

mod block;
mod data;
mod define;
mod files;
mod include;
mod places;
mod step;
mod target;
mod test;
mod value;

use etude::v1::{self, ErrorReason};

use crate::diagnose::{Mistake, Mistakes};
use crate::model::Field;
use crate::source::{Source, Span};
use crate::tree::{Node, NodeId, Tree};
use crate::variables::AllUses;
pub(crate) use block::{
    ASSERT, NOT_OF_BLOCKS, is_block, is_section, sections as block_sections, written,
};
pub(crate) use data::FILE;
pub(crate) use define::{PARAMS, WITH};
pub(crate) use files::Files;
pub(crate) use include::INCLUDE;
pub(crate) use places::Places;
pub(crate) use step::{TARGET, flags, typed};
pub(crate) use target::{HINT, ROLE_NAME, is_locator, message as target_message};
pub(crate) use test::{DATA_FILE, ROW_NAME, STEPS};

/// A decoded file. The test is complete only when there were no errors.
pub(crate) struct Decoded {
    pub(crate) test: v1::Test,
    /// Where each field of the test stands.
    pub(crate) places: Places,
    /// The uses of variables.
    pub(crate) uses: AllUses,
    /// The files that it names.
    pub(crate) files: Files,
}

/// Decodes a file's tree.
pub(crate) fn decode(
    source: &Source<'_>,
    tree: &Tree<'_>,
    root: NodeId,
    mistakes: &mut Mistakes,
) -> Decoded {
    let mut decoder = Decoder {
        main: source,
        source,
        tree,
        mistakes,
        path: String::new(),
        places: Places::default(),
        folder: String::new(),
        files: Files::default(),
    };
    let (mut test, mut uses) = decoder.test(root);
    decoder.read_asked(&mut test, &mut uses.bodies);
    Decoded {
        test,
        places: decoder.places,
        uses,
        files: decoder.files,
    }
}

struct Decoder<'d, 's> {
    /// The test file.
    main: &'d Source<'s>,
    /// The file that is being decoded.
    source: &'d Source<'s>,
    tree: &'d Tree<'d>,
    mistakes: &'d mut Mistakes,
    /// The path of the field that is being decoded, as the checks of the contract spell it.
    path: String,
    places: Places,
    /// The folder of the file that is being decoded, from the test file's folder on.
    folder: String,
    files: Files,
}

impl<'d> Decoder<'d, '_> {
    fn node(&self, id: NodeId) -> &'d Node<'d> {
        self.tree.node(id)
    }

    /// The path of a field of the message that is being decoded.
    fn path_of(&self, field: &str) -> String {
        match self.path.is_empty() {
            true => field.to_owned(),
            false => format!("{}.{field}", self.path),
        }
    }

    /// Does something one field deeper, and remembers that the field stands at `span`.
    fn within<R>(&mut self, field: &str, span: Span, work: impl FnOnce(&mut Self) -> R) -> R {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(field);
        self.deeper(length, span, work)
    }

    /// As [`Self::within`], for an item of the list that is being decoded.
    fn item<R>(&mut self, index: usize, span: Span, work: impl FnOnce(&mut Self) -> R) -> R {
        let length = self.path.len();
        self.path.push_str(&format!("[{index}]"));
        self.deeper(length, span, work)
    }

    /// Remembers the key of a field; comments before it belong to the field.
    fn key(&mut self, field: &str, span: Span) {
        let path = self.path_of(field);
        self.places.add_key(path, span);
    }

    fn deeper<R>(&mut self, length: usize, span: Span, work: impl FnOnce(&mut Self) -> R) -> R {
        self.places.add(&self.path, span);
        let result = work(self);
        self.path.truncate(length);
        result
    }

    /// Reports a mistake that leaves the field that is being decoded without a value.
    fn refuse(&mut self, mistake: Mistake) {
        self.places.refuse(&self.path);
        self.mistakes.add(mistake);
    }

    /// Whether a list has more items than its field may; then none of them is read.
    fn is_too_long(&mut self, field: &Field, node: &Node<'_>, items: &[NodeId]) -> bool {
        let most = field.rules.max_items.unwrap_or(u64::MAX);
        let too_long = items.len() as u64 > most;
        if too_long {
            let message = format!(
                "\"{}\" must have at most {most} item{}, has {}",
                written(&self.path).unwrap_or(field.name()),
                if most == 1 { "" } else { "s" },
                items.len()
            );
            self.refuse(Mistake::error(
                node.span,
                ErrorReason::InvalidValue,
                message,
            ));
        }
        too_long
    }

    fn wrong_type(&mut self, node: &Node<'_>, expected: &str) -> Mistake {
        let message = match node.content.is_null() {
            true => format!("{expected} must stand here; nothing does"),
            false => format!("{expected} must stand here, not {}", node.content.name()),
        };
        Mistake::error(node.span, ErrorReason::WrongType, message)
    }
}
