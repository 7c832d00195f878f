"""What is misspelt on a command line, and the word that was meant."""

import pytest

from aie_conv.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--modul=x.vmfb"], "--modul: unknown option (did you mean --module?)"),
        (
            ["bench", "--module=x", "--devise=sim"],
            "--devise: unknown option (did you mean --device?)",
        ),
        (["run", "--module=x", "--device=simm"], "--device=simm: unknown (did you mean sim?)"),
        (["driver", "convint"], "unknown command (did you mean convint8?)"),
        (["driver", "conv", "--in_chanels", "3"], "unknown option (did you mean --in_channels?)"),
        (["generate", "--levl=flow"], "--levl=flow: unknown option (did you mean --level?)"),
    ],
)
def test_what_was_meant(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
