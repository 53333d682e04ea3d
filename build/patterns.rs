//! What a text must be that matches a pattern of the contract, in words: people who made a mistake are
//! told these, and never the expression.

/// A number and an id, as patterns of resource names have them.
const NUMBER: &str = "[1-9][0-9]{0,18}";
const ID: &str = "[A-Za-z0-9_-]{1,64}";

/// Patterns that are no resource names.
const KNOWN: [(&str, &str); 12] = [
    (
        "^[A-Za-z_][A-Za-z0-9_]*$",
        "must be the name of a variable or secret: letters, digits and _, and no digit at the beginning",
    ),
    (
        "^$|^[A-Za-z_][A-Za-z0-9_]*$",
        "must be the name of a variable or secret: letters, digits and _, and no digit at the beginning, or empty",
    ),
    (
        "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
        "must be letters a to z, digits and any of !#$%&'*+.^_`|~-",
    ),
    (
        r"^([!-~]([\t -~]*[!-~])?)?$",
        "must be printable ASCII, with no blank at either end",
    ),
    (
        "^([a-z][a-z0-9-]{0,62})?$",
        "must be at most 63 letters a to z, digits and -, and begin with a letter, or be empty",
    ),
    (
        r"^[^/\\\x00]+$",
        r"must be the name of a file, without / and \",
    ),
    (r"^[^/\\]*$", r"must have no / and no \"),
    (
        "^([0-9a-f]{64})?$",
        "must be a SHA-256 of 64 digits 0 to 9 and a to f, or empty",
    ),
    ("^[A-Z]*$", "must have no other characters than A to Z"),
    ("^https?://.+", "must begin with http:// or https://"),
    (
        "^commands/[a-z0-9_-]+(/[a-z0-9_-]+)?$",
        "must be commands/ and a group and name, such as commands/interact/click, or the command's key",
    ),
    (
        "^(-|(runs|sessions)/[A-Za-z0-9_-]{1,64})$",
        "must be runs/ or sessions/ and an id, or - for all",
    ),
];

/// The words for a pattern; `None`: it is of a kind that has none yet.
pub(super) fn words(pattern: &str) -> Option<String> {
    let known = KNOWN.iter().find(|(known, _)| *known == pattern);
    if let Some((_, words)) = known {
        return Some((*words).to_owned());
    }
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let optional = inner
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(")?"));
    let words = of_resource(optional.unwrap_or(inner))?;
    Some(match optional {
        Some(_) => format!("{words}, or be empty"),
        None => words,
    })
}

/// The words for the pattern of a resource name.
fn of_resource(pattern: &str) -> Option<String> {
    let form = pattern.replace(NUMBER, "*").replace(ID, "@");
    let (collections, last) = form.rsplit_once('/')?;
    let collections = collections
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(collections);
    let is_plain = |text: &str| {
        let mut letters = text.chars();
        letters.all(|letter| letter.is_ascii_alphabetic() || "/*".contains(letter))
    };
    if !collections.split('|').all(is_plain) {
        return None;
    }
    let all = |example: &str| -> String {
        let names = collections.split('|');
        let names = names.map(|one| format!("{}/{example}", one.replace('*', "7")));
        names.collect::<Vec<_>>().join(" or ")
    };
    match last {
        "*" => Some(format!(
            "must be a resource name with a number from 1, such as {}",
            all("7")
        )),
        "@" => Some(format!(
            "must be {} with an id of letters, digits, - and _",
            all("{id}")
        )),
        _ => None,
    }
}
