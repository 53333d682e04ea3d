//! Which format a file has.

use etude::v1::TestFormat;
use etude_language::detect;

#[test]
fn every_format_is_told_by_what_only_it_has() {
    for (file, format) in [
        ("name: a\nsteps:\n- click: x\n", TestFormat::Canonical),
        (
            "name: a\nsteps:\n- see: x\n- wait: 2s\n",
            TestFormat::Canonical,
        ),
        ("name: a\nsteps:\n- assert: x\n", TestFormat::Simplified),
        (
            "name: a\nsteps:\n- click: {selector: x}\n",
            TestFormat::Simplified,
        ),
        ("test: a\ndo:\n- click: x\n", TestFormat::Compact),
        ("name: a\nsteps:\n- c: x\n- ch: y\n", TestFormat::Compact),
        (
            "name: a\nsteps:\n- {type: interact, command: click, target: x}\n",
            TestFormat::Extended,
        ),
        (
            "name: a\nsteps:\n- {action: click, hint: x}\n",
            TestFormat::Suite,
        ),
        (
            "name: a\nsteps:\n- interact: {action: click, target: x}\n",
            TestFormat::Suite,
        ),
        (
            "name: a\nsteps:\n- {stepType: pressKey, key: TAB}\n",
            TestFormat::D365,
        ),
        ("journey: {name: a, checkpoints: []}\n", TestFormat::Journey),
        ("project: {name: a}\ngoals: []\n", TestFormat::Structure),
        (
            "name: a\nsteps:\n- step-interact click \"x\"\n",
            TestFormat::StringSteps,
        ),
        (
            "name: a\nsteps:\n- click on \"x\"\n",
            TestFormat::NaturalLanguage,
        ),
        (
            "click on \"x\"\nwait 2 seconds\n",
            TestFormat::NaturalLanguage,
        ),
        ("", TestFormat::Unspecified),
        ("a: [", TestFormat::Unspecified),
    ] {
        assert_eq!(detect("a", file.as_bytes()).format(), format, "{file}");
    }
}

#[test]
fn the_evidence_has_its_place_and_others_are_named() {
    let file = "name: a\nsteps:\n- assert: x\n- assert: y\n- c: z\n";
    let found = detect("a.yaml", file.as_bytes());
    assert_eq!(found.format(), TestFormat::Simplified);
    assert_eq!(found.confidence, 66);
    let places: Vec<_> = found
        .evidence
        .iter()
        .map(|e| e.location.clone().unwrap().line)
        .collect();
    assert_eq!(places, [3, 4, 5]);
    assert_eq!(found.evidence[2].message, "a step with c");
    assert_eq!(found.alternatives.len(), 1);
    assert_eq!(found.alternatives[0].format(), TestFormat::Compact);
    assert_eq!(found.alternatives[0].confidence, 33);
}
