"""What tests ask of the doctor's findings."""

from collections.abc import Iterable

from deploy.doctor.finding import Finding


def by_name(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


def bad(finding: Finding) -> str:
    """What a finding that is not good says; it must say what to do, too."""
    assert not finding.good, finding
    assert len(finding.advice) > 10, finding
    return f"{finding.found} {finding.advice}"


def well(finding: Finding) -> str:
    assert finding.good, finding
    assert finding.advice == ""
    return finding.found
