"""A training whose numbers leave the finite ones, as a command."""


def test_a_training_that_diverges_says_so_and_exports_nothing(
    command, toy, tmp_path
):
    """LabNet learns in the first epochs; ImgNet's rate is what diverges."""
    folder = tmp_path / "run"
    typed = (
        *(f"--dataset={toy.dataset}", f"--output_dir={folder}"),
        *("--bits=12", "--batch_size=20", "--rounds=1", "--nojit_compile"),
        *("--first_labnet_epochs=1", "--labnet_epochs=1", "--feature_units=8"),
        *("--label_hidden_units=8", "--image_hidden_units=8"),
        *("--text_hidden_units=8", "--optimizer=sgd"),
        *("--imgnet_learning_rate=1e30", "--imgnet_epochs=2"),
    )

    code, _, errors = command("train_ssah", *typed)

    assert code == 1
    (line,) = errors.splitlines()
    assert line.startswith("Error: Training diverged in epoch ")
    epoch = int(line.split("diverged in epoch ")[1].split(":")[0])
    assert epoch > 1
    assert f"and the checkpoint of epoch {epoch - 1} is kept." in line
    newest = (folder / "checkpoints" / "checkpoint").read_text()
    assert f'model_checkpoint_path: "epoch-{epoch - 1}"' in newest
    left = {path.name for path in folder.iterdir()}
    assert not left & {"saved_model", "codes.npz", "metrics.json", "figures"}
