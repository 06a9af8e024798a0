"""With CI set, a test may be skipped for missing hardware only; any other skip fails, so that no test is lost unseen.

A test that needs a graphics card says so: `pytest.skip(needs_hardware("no CUDA device"))`, or the same in `skipif`.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

HARDWARE = "missing hardware: "


def needs_hardware(what: str) -> str:
    """The reason for a skip that is allowed everywhere."""
    return HARDWARE + what


def forbidden(reason: str) -> bool:
    """Whether a skip for `reason` fails the run: pytest writes "Skipped: " before the reason of a call."""
    return bool(os.environ.get("CI")) and not reason.removeprefix("Skipped: ").startswith(HARDWARE)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skip within a test, a fixture or a mark into a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _fail_if_forbidden(report)
    return report


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a skip of a whole module (`importorskip`), which happens while tests are collected."""
    report = yield
    if report.skipped:
        _fail_if_forbidden(report)
    return report


def _fail_if_forbidden(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if forbidden(reason):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped where CI allows no skip but for missing hardware ({reason})"
