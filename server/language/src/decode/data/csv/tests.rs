use super::*;
use crate::diagnose::Mistakes;

fn read_text(text: &str) -> Result<Table, Vec<String>> {
    let (source, _) = Source::read("rows.csv", text.as_bytes());
    read(&source, 3).map_err(|found| {
        let mut mistakes = Mistakes::default();
        found.into_iter().for_each(|mistake| mistakes.add(mistake));
        let diagnostics = mistakes.into_diagnostics(&source);
        let shown = diagnostics.into_iter().map(|diagnostic| {
            let place = diagnostic.location.unwrap();
            format!("{}:{}: {}", place.line, place.column, diagnostic.message)
        });
        shown.collect()
    })
}

fn cells(text: &str) -> Vec<Vec<String>> {
    let table = read_text(text)
        .map_err(|found| format!("{found:?}"))
        .unwrap();
    let rows = table.rows.into_iter().map(|row| row.cells);
    std::iter::once(table.header).chain(rows).collect()
}

#[test]
fn cells_are_texts() {
    for text in [
        "user,age\nada,007\n, true \n",
        "\u{feff}user,age\r\nada,007\r\n, true \r\n",
        "user,age\rada,007\r, true ",
        "\n\nuser,\"age\"\n\nada,007\n\n\"\",\" true \"\n\n",
    ] {
        let expected = [["user", "age"], ["ada", "007"], ["", " true "]];
        assert_eq!(cells(text), expected, "{text:?}");
    }
}

#[test]
fn quotes_hold_commas_quotes_and_line_breaks() {
    let text = "a,b\n\"x, \"\"y\"\"\",\"1\r\n2\"\nlast,\"é\"";
    let expected = [["a", "b"], ["x, \"y\"", "1\r\n2"], ["last", "é"]];
    assert_eq!(cells(text), expected);
}

#[test]
fn every_mistake_has_its_place() {
    for (text, expected) in [
        ("", "1:1: the file is empty"),
        ("\n \n", "2:1: column 1 is called \" \""),
        ("a,b\n", "1:1: nothing stands below the header"),
        ("a,,b\n1,2,3", "1:1: column 2 has no name"),
        ("a,b,a\n1,2,3", "1:1: two columns are called \"a\""),
        ("a,1b\n1,2", "1:1: column 2 is called \"1b\""),
        (
            "a,b\n1,2\n\n3\n",
            "4:1: this row has 1 cells, the header has 2",
        ),
        (
            "a\n\"x\ny\"\n1,2",
            "4:1: this row has 2 cells, the header has 1",
        ),
        ("a,b\né,\"x", "2:3: nothing closes this quote"),
        (
            "a,b\n1,\"x\"y\n",
            "2:6: text stands behind the quote that closes the cell",
        ),
        (
            "a,b\n1,x\"y\n",
            "2:4: a quote stands in a cell without quotes",
        ),
        (
            "a\n1\n2\n3\n4",
            "5:1: a file of data has at most 3 rows; here is another",
        ),
    ] {
        let found = read_text(text).err().unwrap_or_default();
        assert_eq!(found, [expected], "{text:?}");
    }
}

#[test]
fn every_ragged_row_is_told() {
    let found = read_text("a,b\n1\n1,2\n1,2,3").err().unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn items_are_json_objects_of_texts() {
    let table = read_text("a,b\n1,\"say \"\"x\"\"\"\n").ok().unwrap();
    assert_eq!(table.items(), [r#"{"a":"1","b":"say \"x\""}"#]);
}
