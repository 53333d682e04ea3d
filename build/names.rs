//! Names as prost spells them in Rust.

pub(super) fn ident(name: &str) -> String {
    match name {
        "as" | "box" | "in" | "loop" | "match" | "move" | "ref" | "type" | "use" | "where" => {
            format!("r#{name}")
        }
        _ => name.to_owned(),
    }
}

pub(super) fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

pub(super) fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or(String::new(), |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect()
}
