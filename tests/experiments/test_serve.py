import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from common.system import files
from experiments.serve import runs
from experiments.serve import store as service_store
from tests import service_runs

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")
httpx2 = pytest.importorskip("httpx2", reason="httpx2 is not installed")

ROOT = pathlib.Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
SECONDS = 120


@pytest.fixture(scope="module")
def photographs_run(tmp_path_factory):
    return service_runs.make(tmp_path_factory.mktemp("photographs"))


@contextlib.contextmanager
def _serving(folder, *arguments):
    """A running service: its process and its address."""
    command = [sys.executable, "-m", "experiments.serve", "--port=0"]
    with open(folder / "errors.txt", "w+") as errors:
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            for line in process.stdout:
                found = re.search(r"^Serving .* at (http://\S+/)$", line)
                if found:
                    break
            else:
                errors.seek(0)
                pytest.fail(errors.read())
            yield process, found[1]
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(SECONDS)
            process.stdout.close()


@pytest.fixture
def serving(photographs_run, tmp_path):
    """Starts services of one store."""

    def serving():
        return _serving(
            tmp_path,
            f"--run={photographs_run}",
            f"--store={tmp_path / 'items.sqlite'}",
        )

    return serving


def _ids(address, **asked):
    answer = httpx2.post(f"{address}search", json=asked)
    return [item["id"] for item in answer.json()["results"]]


def test_what_a_killed_service_told_is_there_when_it_starts_again(
    serving, tmp_path
):
    picture = service_runs.png(service_runs.drawings()[0][0])
    with serving() as (process, address):
        added = httpx2.post(
            f"{address}items",
            files={"picture": picture},
            data={"caption": "a bird", "id": "new"},
        )
        removed = httpx2.delete(f"{address}items/bird20.png")
        process.kill()
        process.wait()
        assert process.returncode == -signal.SIGKILL
    assert (added.status_code, removed.status_code) == (201, 204)

    with serving() as (process, address):
        found = _ids(address, text="bird", k=30)
        assert "new" in found
        assert "bird20.png" not in found
        assert httpx2.get(f"{address}items/new/picture").content == picture
        process.terminate()
        assert process.wait(SECONDS) == 0
    assert (tmp_path / "errors.txt").read_text() == ""
    assert not (tmp_path / ".items.sqlite.lock").exists()


# Adds and removes, and tells of each change once it was told of it.
WRITE = """
import sys
from experiments.serve import store as service_store

store = service_store.Store(sys.argv[1], "run")
kept = store.records()
for place in range(10**9):
    item = f"{sys.argv[2]}-{place}"
    record = service_store.Record(item, "x" * 500, (), {}, b"1", None)
    picture = service_store.Picture("image/png", b"2" * 20_000, b"3")
    kept += store.add([record], [picture])
    print("+", item, flush=True)
    if place % 3 == 2:
        gone = kept.pop(0)
        store.remove([gone.number], [place])
        print("-", gone.id, place, flush=True)
"""


def test_no_change_that_was_told_is_lost_when_writers_are_killed(tmp_path):
    draws = random.Random(0)
    path = tmp_path / "items.sqlite"
    there, removed_ids, rows = set(), set(), set()
    for turn in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path), str(turn)],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
        )
        first = writer.stdout.readline()
        time.sleep(draws.uniform(0, 0.3))
        writer.kill()
        # The last line may be cut.
        lines = (first + writer.communicate()[0]).split("\n")[:-1]
        for line in lines:
            sign, item, *row = line.split()
            if sign == "+":
                there.add(item)
            else:
                removed_ids.add(item)
                rows.add(int(row[0]))

        store = service_store.Store(path, "run")
        found = {record.id for record in store.records()}
        pictures = [store.picture(one.number) for one in store.records()]
        found_rows = set(store.removed())
        store.close()

        # A change may be on disk before its line could be written.
        assert len(there - removed_ids - found) <= turn + 1
        assert all(picture.content == b"2" * 20_000 for picture in pictures)
        unknown = found - there
        assert len(unknown) <= turn + 1
        assert not found & removed_ids
        assert rows <= found_rows
        # What was removed without a line is known from now on.
        removed_ids |= there - found
        there |= found
    assert len(there) > 6
    assert rows


def test_wrong_flags_are_refused_in_a_sentence(
    command, photographs_run, tmp_path
):
    run = f"--run={photographs_run}"
    short = tmp_path / "token"
    short.write_text("short")
    for arguments, message in (
        (["--host=0.0.0.0"], "give --token_file, or bind 127.0.0.1."),
        ([f"--token_file={short}"], "at least 16 letters and digits"),
        (["--token_reads"], "--token_reads needs --token_file."),
        ([f"--run={tmp_path / 'none'}"], "none"),
    ):
        code, output, errors = command("serve", run, *arguments)

        assert (code, output) == (1, "")
        assert errors.startswith("Error: ")
        assert errors.endswith(".\n")
        assert message in errors


def test_a_store_that_is_held_is_refused(command, photographs_run, tmp_path):
    store = service_store.Store(tmp_path / "items.sqlite", "run")

    code, _, errors = command(
        "serve", f"--run={photographs_run}", f"--store={store.path}"
    )

    store.close()
    assert code == 1
    assert errors.endswith(f"is held by process {os.getpid()}\n")


def test_the_newest_run_on_the_drawings_is_taken(tmp_path):
    def make(name, dataset):
        (tmp_path / name).mkdir(parents=True)
        record = {
            "method": "ugach",
            "config": {"bits": 64},
            "run": {"dataset": dataset},
            "data": {"sha256": ""},
            "split": {"sha256": ""},
        }
        files.write_json(tmp_path / name / "run.json", record)
        files.write_json(tmp_path / name / "metrics.json", {})

    assert runs.newest_of_drawings(tmp_path) is None
    for name, dataset in (
        ("first", "openclipart"),
        ("deep/second", "openclipart"),
        ("third", "photos.npz"),
    ):
        make(name, dataset)
        time.sleep(0.02)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "metrics.json").touch()

    found = runs.newest_of_drawings(tmp_path)

    assert found == tmp_path / "deep" / "second"


def test_a_training_that_fails_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))

    with pytest.raises(ValueError, match="The training failed"):
        runs.train_on_drawings(tmp_path / "run")


# A real browser, as people use the page.


@pytest.fixture
def browser(tmp_path):
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="selenium is not installed"
    )
    chromium, driver = map(shutil.which, ("chromium", "chromedriver"))
    if not chromium or not driver:
        pytest.skip("no browser: install chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tempfile.TemporaryDirectory()
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "disable-dev-shm-usage",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "window-size=1000,900",
        f"user-data-dir={profile.name}",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    running = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(driver)
    )
    yield Page(running)
    running.quit()
    profile.cleanup()


class Page:
    """The page in a browser."""

    def __init__(self, driver):
        self.driver = driver

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def one(self, selector):
        return self.driver.find_element("css selector", selector)

    def wait(self, condition):
        """Waits until it is so, and returns what it gave."""
        from selenium.common import exceptions
        from selenium.webdriver.support import ui

        ignored = [
            exceptions.StaleElementReferenceException,
            exceptions.NoSuchElementException,
        ]
        waiting = ui.WebDriverWait(self.driver, 30, ignored_exceptions=ignored)
        return waiting.until(lambda _: condition())

    def ids(self):
        return [one.get_attribute("data-id") for one in self.all(".card")]

    def status(self, text):
        self.text("#status", text)

    def text(self, selector, text):
        """Waits until a part of the page says something."""
        from selenium.common import exceptions

        try:
            self.wait(lambda: text in self.one(selector).text)
        except exceptions.TimeoutException:
            assert text in self.one(selector).text
            raise

    def type(self, words):
        """Asks with words."""
        from selenium.webdriver.common import keys

        self.one("#words").clear()
        self.one("#words").send_keys(words, keys.Keys.ENTER)

    def drop(self, path):
        """Drops a file on the page."""
        self.driver.execute_script(
            "const one = document.createElement('input');"
            "one.type = 'file'; one.id = 'dropped'; document.body.append(one);"
        )
        self.one("#dropped").send_keys(str(path))
        self.driver.execute_script(
            "const data = new DataTransfer();"
            "data.items.add(document.querySelector('#dropped').files[0]);"
            "const of = { dataTransfer: data, bubbles: true,"
            "  cancelable: true };"
            "for (const kind of ['dragover', 'drop'])"
            "  document.body.dispatchEvent(new DragEvent(kind, of));"
            "document.querySelector('#dropped').remove();"
        )

    def shown(self, image):
        """Whether an image has been loaded."""
        return self.driver.execute_script(
            "return arguments[0].complete && arguments[0].naturalWidth > 0",
            image,
        )

    def errors(self):
        """What the browser complains of."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]


def test_the_page_in_a_browser(browser, serving, photographs_run, tmp_path):
    photos = photographs_run.parent / "photos"
    new = tmp_path / "new.png"
    new.write_bytes(service_runs.png(service_runs.drawings()[15][0][::-1]))
    with serving() as (_, address):
        browser.driver.get(address)
        browser.status("24 items")

        # Words find the drawings that they fit.
        browser.type("birdz")
        browser.status("birdz: taken as bird · 24 results")
        by_words = browser.ids()
        assert all(one.startswith("bird") for one in by_words[:10])
        assert by_words == _ids(address, text="bird", k=40)
        first = browser.one(".card")
        assert first.find_element("css selector", ".label").text == "bird"
        assert "bird" in first.find_element("css selector", "p").text
        assert re.fullmatch(
            r"\d+ bits?", first.find_element("css selector", ".distance").text
        )
        browser.wait(lambda: browser.shown(browser.one(".show img")))

        # A result is clicked, and "back" leads back.
        browser.all(".show")[3].click()
        browser.wait(
            lambda: f"item={by_words[3]}" in browser.driver.current_url
        )
        by_item = _ids(address, item=by_words[3], k=40)
        browser.wait(lambda: browser.ids() == by_item)
        assert by_item != by_words
        browser.driver.back()
        browser.wait(lambda: browser.ids() == by_words)
        assert "text=birdz" in browser.driver.current_url

        # A picture is dropped; what it found has an address.
        browser.drop(photos / "flower2.png")
        browser.wait(lambda: "code=" in browser.driver.current_url)
        browser.wait(lambda: browser.ids()[:1] != by_words[:1])
        by_picture = browser.ids()
        assert by_picture == _ids(address, item="flower2.png", k=40)
        browser.wait(lambda: browser.shown(browser.one("#asked-picture")))
        browser.driver.refresh()
        browser.wait(lambda: browser.ids() == by_picture)

        # A picture is added, and found by its label.
        browser.one("#more").click()
        browser.one("#new-pictures").send_keys(str(new))
        browser.one("#new-caption").send_keys("my bird <b>bold</b>")
        browser.one("#new-labels").send_keys("mine, new ones")
        browser.one("#add").click()
        browser.text("#added", "1 picture added.")
        browser.one("#close").click()
        browser.type("bird")
        browser.status("25 results")
        (added,) = set(browser.ids()) - set(by_words)
        card = browser.one(f"[data-id='{added}']")
        caption = card.find_element("css selector", "p").text
        assert caption == "my bird <b>bold</b>"
        label = card.find_element("css selector", ".label")
        assert label.text == "mine"
        label.click()
        browser.status("1 result")
        assert browser.ids() == [added]
        assert "label=mine" in browser.driver.current_url

        # It is removed, at the second click.
        remove = browser.one(".remove")
        remove.click()
        assert remove.text == "sure?"
        remove.click()
        browser.status("Removed.")
        assert browser.ids() == []
        assert not browser.errors()

    # Restarted, it is still gone.
    with serving() as (_, address):
        browser.driver.get(f"{address}?text=bird")
        browser.status("24 results")
        assert added not in browser.ids()
        _check_keys(browser, address)
        _check_phone(browser)
        # What cannot be found is told, not thrown.
        browser.type("qqqq")
        browser.status("None of the words of 'qqqq'")
        browser.driver.get(f"{address}docs")
        browser.text("main", "POST /search")
        for message in browser.errors():
            assert "400 (Bad Request)" in message


def _check_keys(browser, address):
    """Everything can be reached without a mouse."""
    from selenium.webdriver.common import action_chains
    from selenium.webdriver.common import keys

    def press(*signs):
        action_chains.ActionChains(browser.driver).send_keys(*signs).perform()

    def active():
        return browser.driver.switch_to.active_element

    found = browser.ids()
    assert active().get_attribute("id") == "words"
    press(keys.Keys.ARROW_DOWN, keys.Keys.ARROW_RIGHT)
    card = browser.all(".card")[1]
    assert active() == card.find_element("css selector", ".show")
    press("/")
    assert active().get_attribute("id") == "words"
    press(keys.Keys.ARROW_DOWN, keys.Keys.ARROW_RIGHT, keys.Keys.ENTER)
    browser.wait(lambda: f"item={found[1]}" in browser.driver.current_url)


def _check_phone(browser):
    """Nothing is wider than a phone."""
    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True},
    )
    wide = browser.driver.execute_script(
        "return [document.documentElement.scrollWidth, innerWidth]"
    )
    assert wide[0] <= wide[1] == 360
