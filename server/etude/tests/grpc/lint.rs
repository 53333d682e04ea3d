//! `TestService.Lint`.

use etude::v1::test_service_client::TestServiceClient;
use etude::v1::{self, ErrorReason, LintLevel};

use crate::support::{Fixture, expect};

const FILE: &str =
    "project: P\nname: A\nurl: https://a.example\nsteps:\n  - wait: 2000\n  - assert: B\n";

fn request(levels: &[(&str, LintLevel)], fix: bool) -> v1::LintRequest {
    let setting = |(rule, level): &(&str, LintLevel)| v1::LintLevelSetting {
        rule: (*rule).to_owned(),
        level: (*level).into(),
    };
    v1::LintRequest {
        document: Some(v1::TestDocument {
            file_name: "a.yaml".to_owned(),
            content: FILE.into(),
            files: Vec::new(),
        }),
        levels: levels.iter().map(setting).collect(),
        fix,
    }
}

fn rules(answer: &v1::LintResponse) -> Vec<&str> {
    let findings = answer.findings.iter();
    findings
        .map(|finding| finding.diagnostic.as_ref().unwrap().reason.as_str())
        .collect()
}

#[tokio::test]
async fn a_file_is_looked_at_and_fixed() {
    let fixture = Fixture::start().await;
    let mut tests = TestServiceClient::new(fixture.channel.clone());
    let answer = tests.lint(request(&[], false)).await.unwrap().into_inner();
    assert_eq!(
        rules(&answer),
        ["legacy-format", "bare-duration", "fixed-sleep"]
    );
    assert_eq!(answer.fixed_content, None);

    let off = [
        ("legacy-format", LintLevel::Off),
        ("fixed-sleep", LintLevel::Error),
    ];
    let answer = tests.lint(request(&off, true)).await.unwrap().into_inner();
    assert_eq!(rules(&answer), ["fixed-sleep", "bare-duration"]);
    assert_eq!(
        answer.findings[0].diagnostic.as_ref().unwrap().severity(),
        v1::Severity::Error
    );
    let fixed = answer.fixed_content.unwrap();
    assert_eq!(fixed, FILE.replace("2000", "2000ms").as_bytes());
    assert_eq!(answer.fixes_applied, 1);
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn an_unknown_rule_is_refused_with_its_field() {
    let fixture = Fixture::start().await;
    let mut tests = TestServiceClient::new(fixture.channel.clone());
    let wrong = request(&[("fixed-slep", LintLevel::Off)], false);
    let status = tests.lint(wrong).await.unwrap_err();
    let details = expect(&status, ErrorReason::InvalidRequest);
    let violations = &details.bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "levels[0].rule");
    assert!(
        violations[0]
            .description
            .contains("did you mean \"fixed-sleep\"?")
    );
    fixture.server.shutdown().await;
}
