"""What the documents name is there."""

import re

import pytest

from support import build

DOCUMENTS = sorted((build.ROOT / "docs").glob("*.md")) + [build.ROOT / "README.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_that_a_document_names_exists(document):
    tests = build.ROOT / "tests" / "integration"
    named = re.findall(r"`(test_\w+)\.py`: ((?:`test_\w+`(?:, )?)+)", document.read_text())
    for file, functions in named:
        source = (tests / f"{file}.py").read_text()
        missing = [name for name in re.findall(r"test_\w+", functions) if f"def {name}(" not in source]
        assert not missing, f"{file}.py has no {missing}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_links_to_exists(document):
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target
