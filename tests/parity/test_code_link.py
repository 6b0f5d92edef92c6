"""References from assets to their code, and links into source control."""

import functools
import inspect
from pathlib import Path

import pytest

HERE = Path(__file__)


def references(definition):
    """The references of the one asset of a definition, as plain values."""
    [metadata] = definition.metadata_by_key.values()
    found = metadata["dagster/code_references"].code_references
    return [getattr(one, "url", None) or (one.file_path, one.line_number) for one in found]


def line_of(text):
    """The line of this file after the first that holds a text."""
    return next(n for n, line in enumerate(HERE.read_text().splitlines(), 2) if text in line)


@pytest.fixture
def made(dg):
    # where made stands
    @dg.asset(
        description="Its decorator takes several lines.",
    )
    def made(): ...

    return made


@pytest.fixture
def mapping(dg):
    return dg.AnchorBasedFilePathMapping(local_file_anchor=HERE, file_anchor_path_in_repository=f"tests/{HERE.name}")


def test_an_asset_refers_to_its_function(dg, made):
    [changed] = dg.with_source_code_references([made])
    assert references(changed) == [(str(HERE), line_of("# where made stands"))]
    assert "dagster/code_references" not in made.metadata_by_key[made.key]


def test_a_second_reference_is_added(dg, made):
    twice = dg.with_source_code_references(dg.with_source_code_references([made]))
    assert len(references(twice[0])) == 2


def test_a_wrapped_function_is_the_code(dg):
    def wrap(fn):
        @functools.wraps(fn)
        def inner():
            return fn()

        return inner

    # where wrapped stands
    @dg.asset
    @wrap
    def wrapped(): ...

    [changed] = dg.with_source_code_references([wrapped])
    assert references(changed) == [(str(HERE), line_of("# where wrapped stands"))]


def test_what_is_not_made_here_stays(dg):
    @dg.observable_source_asset
    def observed(): ...

    given = [dg.AssetSpec("a"), dg.SourceAsset("b"), observed]
    assert all(before is after for before, after in zip(given, dg.with_source_code_references(given), strict=True))


@pytest.mark.parametrize(
    ("url", "platform", "middle"),
    [
        ("https://github.com/own/repo", None, "tree"),
        ("https://gitlab.com/own/repo", None, "-/tree"),
        ("https://gitlab.example.com/own/repo", None, "-/tree"),
        ("https://git.example.com/own/repo", "github", "tree"),
        ("https://git.example.com/own/repo", "gitlab", "-/tree"),
    ],
)
def test_links(dg, made, mapping, url, platform, middle):
    local = dg.with_source_code_references([made])
    linked = dg.link_code_references_to_git(local, url, "main", mapping, platform)
    line = line_of("# where made stands")
    assert references(linked[0]) == [f"{url}/{middle}/main/tests/{HERE.name}#L{line}"]


@pytest.mark.parametrize(
    ("url", "platform"), [("https://example.com/own/repo", None), ("https://github.com/own/repo", "cvs")]
)
def test_an_unknown_platform(dg, made, mapping, url, platform):
    with pytest.raises(ValueError, match="platform"):
        dg.link_code_references_to_git([made], url, "main", mapping, platform)


def test_only_local_files_become_links(dg, mapping):
    there = dg.CodeReferencesMetadataValue(
        code_references=[
            dg.UrlCodeReference(url="https://example.com"),
            dg.LocalFileCodeReference(file_path=str(HERE)),
        ]
    )

    @dg.asset(metadata={"dagster/code_references": there, "owner": "me"})
    def one(): ...

    [linked] = dg.link_code_references_to_git([one], "https://github.com/o/r", "main", mapping)
    link = f"https://github.com/o/r/tree/main/tests/{HERE.name}"
    assert references(linked) == ["https://example.com", link]
    assert linked.metadata_by_key[one.key]["owner"] == "me"


def test_assets_without_references_stay_without(dg, made, mapping):
    linked = dg.link_code_references_to_git([made, dg.AssetSpec("a")], "https://github.com/o/r", "main", mapping)
    assert dict(linked[0].metadata_by_key[made.key]) == {}
    assert linked[1] == dg.AssetSpec("a")


def test_a_mapping_of_ones_own(dg, made):
    class Flat(dg.FilePathMapping):
        def convert_to_source_control_path(self, local_path):
            return f"flat/{local_path.name}"

    local = dg.with_source_code_references([made])
    linked = dg.link_code_references_to_git(local, "https://github.com/o/r", "main", Flat())
    assert references(linked[0])[0].startswith(f"https://github.com/o/r/tree/main/flat/{HERE.name}#L")
    with pytest.raises(TypeError):
        dg.FilePathMapping()


@pytest.mark.parametrize(
    ("anchor", "place", "file", "found"),
    [
        ("/code", "", "/code/a/b.py", "a/b.py"),
        ("/code", "src", "/code/a/b.py", "src/a/b.py"),
        ("/code/a/b.py", "src/a/b.py", "/code/c.py", "src/c.py"),
        ("/code", "src", "/other/b.py", "other/b.py"),
    ],
)
def test_files_are_found_beside_the_anchor(dg, anchor, place, file, found):
    mapping = dg.AnchorBasedFilePathMapping(local_file_anchor=Path(anchor), file_anchor_path_in_repository=place)
    assert str(mapping.convert_to_source_control_path(Path(file))) == found


def test_the_arguments_have_these_names(dg):
    assert list(inspect.signature(dg.link_code_references_to_git).parameters) == [
        *("assets_defs", "git_url", "git_branch", "file_path_mapping", "platform")
    ]
    assert list(inspect.signature(dg.with_source_code_references).parameters) == ["assets_defs"]
