"""The files by which others open, build, cite and discuss this repository fit it, and each other."""

import ast
import json
import os
import re
import subprocess
import tomllib

import nbformat
import pytest
import yaml
from IPython.core.history import HistoryManager
from jupyterlab.labapp import LabApp

import colab
from tests import spelling
from tests.readme import BIN, ROOT
from tests.test_setup import third_party_imports
from utils.course.commands.main import main

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OTHERS = [
    "CHANGELOG.md", "CITATION.cff", "CODE_OF_CONDUCT.md", "Dockerfile", ".dockerignore", ".pre-commit-config.yaml",
    "colab.py", ".binder/environment.yml", ".binder/postBuild", ".devcontainer/devcontainer.json",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / ".github").rglob("*.*")) if path.is_file()),
]  # fmt: skip
REGISTRIES = re.compile(r"pypi\.|pythonhosted|npmjs|debian\.org|conda\.anaconda|index-url", re.IGNORECASE)
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def loaded(name):
    return yaml.safe_load(text(name))


def jobs(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_names_no_registry_and_nothing_of_a_machine(name):
    assert not REGISTRIES.search(text(name))
    assert not re.search(r"/(?:root/|tmp|work/)", text(name))


# GitHub Actions


def test_zizmor_finds_no_risk_in_the_workflows():
    done = subprocess.run([BIN / "zizmor", "--offline", "--quiet", ".github"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_a_planted_risk(tmp_path):
    (tmp_path / "w.yml").write_text(
        WORKFLOWS[0].read_text(encoding="utf-8").replace("bash .ci/run", "echo ${{ github.event.pull_request.title }}")
    )
    assert subprocess.run([BIN / "zizmor", "--offline", "--quiet", tmp_path / "w.yml"], capture_output=True).returncode


@each_workflow
def test_a_job_ends_by_itself_and_its_actions_are_pinned(path):
    for name, job in jobs(path).items():
        assert job["timeout-minutes"] <= 90, name
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in used), used


@each_workflow
def test_what_a_job_runs_is_there(path):
    targets = re.findall(r"^([a-z]+):", text("Makefile"), flags=re.MULTILINE)
    for job in jobs(path).values():
        for line in (step["run"].replace("\\Scripts\\", "/bin/") for step in job["steps"] if "run" in step):
            program, *words = line.split()
            known = {
                "make": lambda words: words[0] in targets,
                "bash": lambda words: (ROOT / words[0]).is_file(),
                "python": lambda words: (ROOT / words[0]).is_file(),
                ".venv/bin/course": lambda words: words == ["run"],
                "git": lambda words: words[0] == "diff",
                "docker": lambda words: words[0] == "build" or "/course/notebooks/00_start_here.ipynb" in words,
            }
            assert known[program](words), line


def test_the_tests_run_with_every_python_that_the_project_allows():
    found = jobs(ROOT / ".github/workflows/ci.yml")
    tested = found["tests"]["strategy"]["matrix"]["python"]
    low, high = (int(each) for each in re.findall(r"3\.(\d+)", PROJECT["requires-python"]))
    assert tested == [f"3.{minor}" for minor in range(low, high)]
    assert {each.split("-")[0] for each in found["notebooks"]["strategy"]["matrix"]["system"]} == {"macos", "windows"}


def test_only_the_job_that_publishes_may_write():
    assert yaml.safe_load(text(".github/workflows/ci.yml"))["permissions"] == {"contents": "read"}
    allowed = {name: job["permissions"] for name, job in jobs(ROOT / ".github/workflows/site.yml").items()}
    assert allowed == {"build": {"contents": "read"}, "publish": {"pages": "write", "id-token": "write"}}


# Containers and Binder


def test_the_container_sets_up_what_the_lock_says_and_runs_as_somebody_else_than_root():
    lines = re.sub(r"\\\n\s*", "", text("Dockerfile")).splitlines()
    steps = [line.split(" ", 1) for line in lines if re.match("[A-Z]+ ", line)]
    last_stage = steps[max(i for i, step in enumerate(steps) if step[0] == "FROM") :]
    assert [what for name, what in last_stage if name == "USER"] == ["student"]
    assert last_stage.index(["USER", "student"]) > [name for name, _ in last_stage].index("RUN")
    assert "python /course/install.py" in dict(last_stage)["RUN"]
    assert json.loads(dict(last_stage)["CMD"])[:3] == ["course", "start", "work"]
    python = re.search(r"FROM python:3\.(\d+)-slim", text("Dockerfile"))[1]
    assert f"3.{python}" in jobs(ROOT / ".github/workflows/ci.yml")["tests"]["strategy"]["matrix"]["python"]


def test_no_key_and_no_work_of_anybody_enters_the_image():
    ignored = text(".dockerignore").split()
    assert {".git", ".venv", "work", "build", "*.key", "hand-in.zip"} <= set(ignored)


def test_the_development_container_is_a_stage_of_the_same_image():
    described = json.loads(text(".devcontainer/devcontainer.json"))
    build = described["build"]
    assert (ROOT / ".devcontainer" / build["dockerfile"]).resolve() == ROOT / "Dockerfile"
    stage = re.search(rf"^FROM .* AS {build['target']}\n(.*?)^FROM", text("Dockerfile"), flags=re.S | re.M)[1]
    assert f" {described['remoteUser']} " in stage
    assert described["postCreateCommand"] == "make .venv/dev"
    assert "\n.venv/ready .venv/dev:" in text("Makefile")


def test_binder_has_the_python_of_the_conda_environment_and_installs_the_lock_the_course_and_its_kernel():
    python, pip = loaded(".binder/environment.yml")["dependencies"]
    assert [python, pip] == loaded("environment.yml")["dependencies"][:2]
    steps = text(".binder/postBuild")
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)
    assert subprocess.run(["bash", "-n", ROOT / ".binder" / "postBuild"]).returncode == 0
    assert "--require-hashes --requirement requirements.txt" in steps
    assert "--no-deps --no-build-isolation --editable ." in steps


# Colab, and the repository's address


@pytest.fixture
def address(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    import address

    return address


@pytest.fixture
def repository(tmp_path):
    """A folder with the files that hold the address; ``set_to`` sets it."""
    for name in ("pyproject.toml", "README.md", "CITATION.cff", "notebooks/00_start_here.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())

    def set_to(repository):
        project = re.sub(r'^repository = ".*"', f'repository = "{repository}"', text("pyproject.toml"), flags=re.M)
        (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
        return tmp_path

    return set_to


def test_the_files_hold_the_address_that_pyproject_names(address):
    assert address.main() == []


def test_an_address_appears_everywhere_and_goes_again(address, repository):
    names = ["README.md", "CITATION.cff", "notebooks/00_start_here.ipynb"]
    folder = repository("")
    address.main(folder)
    before = {name: (folder / name).read_bytes() for name in names}
    folder = repository("https://github.com/Made-Up/course")
    assert address.main(folder) == names
    assert address.main(folder) == []
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "https://mybinder.org/v2/gh/Made-Up/course/HEAD" in readme
    assert "https://made-up.github.io/course/" in readme
    assert (
        yaml.safe_load((folder / "CITATION.cff").read_text())["repository-code"] == "https://github.com/Made-Up/course"
    )
    notebook = nbformat.read(folder / "notebooks/00_start_here.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells].index("colab") == 1
    assert address.main(repository("")) == names
    assert {name: (folder / name).read_bytes() for name in names} == before


@pytest.mark.parametrize(
    "wrong", ["github.com/a/b", "https://github.com/a", "https://github.com/a/b.git", "https://a.b/c/d"]
)
def test_another_kind_of_address_is_refused(address, repository, wrong):
    with pytest.raises(SystemExit, match="OWNER/NAME is needed"):
        address.main(repository(wrong))


def test_the_cell_for_colab_does_nothing_elsewhere_and_fetches_the_course_there(address, tmp_path, monkeypatch):
    cell = address.COLAB.format(address="made-up").replace("/content", str(tmp_path))
    ast.parse(cell)
    monkeypatch.setattr("sys.path", [])
    exec(cell, {})
    assert not list(tmp_path.iterdir())
    called = []
    monkeypatch.setenv("COLAB_RELEASE_TAG", "made-up")
    monkeypatch.setattr("subprocess.run", lambda command, check: called.append(command))
    monkeypatch.setattr("colab.prepare", lambda: called.append("prepared"))
    exec(cell, {})
    assert called == [["git", "clone", "--quiet", "--depth", "1", "made-up", f"{tmp_path}/convnet-course"], "prepared"]


class TestColab:
    def test_what_fits_is_left_alone(self):
        here = dict.fromkeys(colab.PACKAGES, "0") | colab.installed()
        here["tensorflow"] = here["tensorflow"] or "2.21.0"  # under its other name on this machine
        assert colab.to_install(here) == []

    def test_what_is_missing_or_too_old_is_installed_in_the_locked_version(self):
        there = colab.installed() | {"tensorflow": "2.19.0", "keras": "3.10.0", "anywidget": None}
        wanted = dict(each.split("==") for each in colab.to_install(there))
        assert list(wanted) == ["anywidget", "keras", "tensorflow"]
        for name, version in wanted.items():
            assert re.search(
                rf"^{name}(-cpu)?=={re.escape(version)}[ \\]", text("requirements.txt"), flags=re.MULTILINE
            )

    def test_a_session_that_has_loaded_an_older_version_is_to_be_restarted(self, monkeypatch):
        monkeypatch.setattr(colab, "to_install", lambda _: [])
        monkeypatch.setattr(colab, "loaded", lambda module: "1.0" if module == "numpy" else None)
        with pytest.raises(colab.RestartNeeded, match=r"version of numpy is loaded: .* Restart session") as raised:
            colab.prepare()
        assert raised.value._render_traceback_() == [str(raised.value)]

    def test_it_knows_every_package_that_a_notebook_can_need(self):
        files = [path for path in (ROOT / "utils").rglob("*.py") if "course" not in path.relative_to(ROOT).parts]
        files += (ROOT / "data_scripts").glob("*.py")
        needed = {name for path in files for name, _ in third_party_imports(path.read_text(encoding="utf-8"))}
        assert needed - {"IPython"} <= set(colab.PACKAGES.values())


# Citation, changes, conduct, templates, pre-commit, accessibility


def test_the_citation_names_this_version_and_no_person():
    cited = loaded("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["version"] == PROJECT["version"]
    assert " AND ".join(cited["license"]) == PROJECT["license"].replace("CC-BY-4.0", cited["license"][1])
    assert all(list(author) == ["name"] for author in cited["authors"])
    assert cited["authors"][0]["name"] in text("LICENSE")


def test_the_changelog_begins_with_this_version():
    assert re.search(r"^## (\S+)", text("CHANGELOG.md"), flags=re.MULTILINE)[1] == PROJECT["version"]


@pytest.mark.parametrize("name", ["content", "program"])
def test_an_issue_form_asks_for_what_is_needed(name):
    form = loaded(f".github/ISSUE_TEMPLATE/{name}.yml")
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_pull_request_template_names_commands_that_exist():
    for target in re.findall(r"`make (\w+)`", text(".github/PULL_REQUEST_TEMPLATE.md")):
        assert re.search(rf"^{target}:", text("Makefile"), flags=re.MULTILINE), target


def test_pre_commit_runs_what_make_lint_runs():
    for repository in loaded(".pre-commit-config.yaml")["repos"]:
        assert repository["repo"] == "local"
        assert [(hook["entry"], hook["language"]) for hook in repository["hooks"]] == [("make lint", "system")]


def test_the_code_of_conduct_is_found_and_says_where_a_report_goes():
    assert "(CODE_OF_CONDUCT.md)" in text("CONTRIBUTING.md")
    conduct = text("CODE_OF_CONDUCT.md")
    assert "**If something goes wrong**, tell " in conduct
    assert not re.search(r"[\w.]+@[\w.]+", conduct)  # nobody's address: the maintainers of a copy are others


def test_a_test_stands_behind_each_line_of_the_accessibility_statement():
    lines = re.findall(r"^\| (?!You can|---)(.*) \|$", text("docs/pages/accessibility.md"), flags=re.MULTILINE)
    assert len(lines) > 5
    for line in lines:
        path, name = re.search(r"\| `(.*\.py)::(\w+)`$", line).groups()
        functions = [each.name for each in ast.walk(ast.parse(text(path))) if isinstance(each, ast.FunctionDef)]
        assert name in functions, line


# The pages of the site

PAGES = sorted((ROOT / "docs" / "pages").rglob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_each_command_of_the_course_that_a_page_names_takes_the_options_that_stand_behind_it(path):
    code = re.findall(
        r"^```\w*\n(.*?)^```$|`([^`\n]+)`", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    for line in "\n".join(filter(None, (each for both in code for each in both))).splitlines():
        if found := re.search(r"(?:^|/|\\)course ([a-z-]+)(.*)", line.split("  #")[0]):
            command = main.get_command(None, found[1])
            assert command, line
            options = {option for each in command.params for option in each.opts} | {"--help"}
            assert set(re.findall(r"(?<!\S)--?[a-z][\w-]*", found[2])) <= options, line


class TestTheHubsPage:
    page = text("docs/pages/instructors/jupyterhub.md")

    def test_what_it_sets_is_an_option_of_the_programs_that_are_installed(self):
        options = {each.__name__: each for each in [HistoryManager, *LabApp.serverapp_class.classes]}
        named = re.findall(r"(?:--|\bc\.)(\w+)\.(\w+) ?=", self.page)
        named = [each for each in named if each[0] != "Spawner"]  # JupyterHub itself is not installed
        assert len(named) > 3
        assert [each for each in named if each[1] not in options[each[0]].class_trait_names(config=True)] == []

    def test_its_programs_are_shell_and_python(self):
        blocks = re.findall(r"^```(sh|python)\n(.*?)^```$", self.page, flags=re.DOTALL | re.MULTILINE)
        assert {language for language, _ in blocks} == {"sh", "python"}
        for language, program in blocks:
            if language == "python":
                ast.parse(program)
            else:
                subprocess.run(["sh", "-n"], input=program, text=True, check=True)

    def test_it_compiles_the_packages_as_the_image_does(self):
        compiled = re.compile(r"python -m compileall (.*?)\.venv/lib\b")
        image = re.search(r"python -m compileall (.*?)/course/\.venv/lib\b", text("Dockerfile"))
        assert compiled.search(self.page)[1] == image[1]


# Spelling


def test_the_spelling_is_american_and_right():
    assert spelling.main() == 0


def test_a_wrong_word_is_found_in_text_comment_notebook_and_output_but_not_in_code(tmp_path, capfd):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "a.md").write_text("Behaviour. `colour=True` is code.\n")  # codespell:ignore
    source = "colour = 'grey'  # all neighbours\ntext = f'{colour} is learnt'\n"  # codespell:ignore
    (tmp_path / "b.py").write_text(source)
    said = nbformat.v4.new_markdown_cell("teh network", id="said")  # codespell:ignore
    cell = nbformat.v4.new_code_cell("print(colour)", id="printed")  # codespell:ignore
    cell.outputs = [nbformat.v4.new_output("stream", text="a modelled text\n")]  # codespell:ignore
    nbformat.write(nbformat.v4.new_notebook(cells=[said, cell]), tmp_path / "c.ipynb")
    assert spelling.main(tmp_path) > 0
    found = re.findall(r"^\./(.*?): (\w+) ==>", capfd.readouterr().out, flags=re.MULTILINE)
    assert sorted(found) == [
        ("a.md:1", "Behaviour"), ("b.py:1", "neighbours"), ("b.py:2", "learnt"), ("c.ipynb/printed:1", "modelled"),
        ("c.ipynb/said:1", "teh"),
    ]  # fmt: skip
