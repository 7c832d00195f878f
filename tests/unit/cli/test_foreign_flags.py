"""iree-amd-aie's command lines, and what may have been meant."""

import pytest

from aie_conv.arch import canonical_device, get_device
from aie_conv.errors import UsageError
from aie_conv.foreign_flags import FLAGS, TAKEN
from aie_conv.options import Options, parse_flags
from aie_conv.suggest import closest


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("npu1", "npu1_4col"), ("phoenix", "npu1_4col"), ("Hawk Point", "npu1_4col"),
        ("hawk-point", "npu1_4col"), ("strix", "npu4"), ("strix_halo", "npu4"), ("krackan", "npu4"),
        ("npu2", "npu4"), ("RyzenAI-npu4", "npu4"), ("npu1_2col", "npu1_2col"),
    ],
)  # fmt: skip
def test_people_s_names_of_devices(name: str, device: str) -> None:
    assert canonical_device(name) == device
    assert get_device(name).name == device
    assert Options(device=name).device == device
    for flag in ("--amd-aie-device", "--iree-amdaie-target-device", "--iree-hal-target-device"):
        assert parse_flags([f"{flag}={name}"]).device == device
        assert parse_flags([flag, name]).device == device


@pytest.mark.parametrize("name", ["amd-aie", "amdxdna", "xrt"])
def test_the_backend_s_own_names_as_a_device(name: str) -> None:
    assert parse_flags([f"--iree-hal-target-device={name}"]) == Options()


def test_another_target_device_goes_to_iree() -> None:
    flags = parse_flags(["--iree-hal-target-device=hip"]).iree_flags
    assert flags == ("--iree-hal-target-device=hip",)


@pytest.mark.parametrize(
    ("flags", "device"),
    [
        (["--iree-amdaie-num-cols=2"], "npu1_2col"),
        (["--iree-amdaie-num-cols=8", "--iree-amdaie-target-device=npu4"], "npu4"),
        (["--iree-amdaie-num-rows=4", "--iree-amdaie-num-cols", "1"], "npu1_1col"),
        (["--iree-amdaie-num-rows=0", "--iree-amdaie-stack-size=1024"], "npu1_4col"),
    ],
)
def test_rows_and_columns_name_a_device(flags: list[str], device: str) -> None:
    assert parse_flags(flags).device == device


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--iree-amdaie-num-rows=2", r"all 4 rows of npu1_4col are used"),
        ("--iree-amdaie-num-cols=6", r"npu1_4col has 4"),
        ("--iree-amdaie-num-cols=two", r"no number"),
        ("--iree-amdaie-stack-size=4096", r"cores have 1024 bytes of stack"),
        ("--iree-amdaie-target-device=xcvc1902", r"device 'xcvc1902': unknown: use one of"),
        ("--iree-amdaie-enable-ukernels=all", r"core code is generated here"),
        ("--iree-amdaie-lower-to-aie-pipeline=air", r"--amd-aie-emit-level=air"),
        ("--iree-amdaie-tile-pipline=pack-peel", r"did you mean --iree-amdaie-tile-pipeline\?"),
        ("--compile-to=flow", r"^--compile-to=flow: iree-compile's, not done here: an artifact is"),
        ("--version", r"^--version: iree-compile's, not done here: nothing is listed here"),
        ("--output-format=vm-c", r"use iree-compile, or aie-conv explain"),
        (
            "--split-input-file",
            r"^--split-input-file: iree-compile's, not done here: a file is one module",
        ),
        ("--amd-aie-devise=npu4", r"did you mean --amd-aie-device\?"),
        ("--amd-aie-device=strx", r"did you mean strix\?"),
        ("--amd-aie-route=im2cool", r"did you mean im2col\?"),
    ],
)
def test_what_is_not_done_here_is_named(flag: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_flags([flag])


def test_every_flag_is_known_and_every_refusal_says_what_to_do() -> None:
    assert len(FLAGS) + len(TAKEN) == 29
    for name, foreign in FLAGS.items():
        for value in foreign.harmless:
            assert parse_flags([f"{name}={value}"]) == Options()
        if foreign.instead:
            with pytest.raises(UsageError, match="not done here: .{10}"):
                parse_flags([f"{name}=something"])


def test_tools_folders_are_taken(tmp_path: object) -> None:
    options = parse_flags(
        ["--iree-amd-aie-peano-install-dir=/p", "--iree-amd-aie-install-dir", "/m"]
    )
    assert (options.peano_dir, options.mlir_aie_dir, options.iree_flags) == ("/p", "/m", ())


def test_nothing_near_is_no_suggestion() -> None:
    assert closest("zzz", ["compile", "run"]) == ""
    assert closest("COMPLE", ["compile", "run"]) == " (did you mean compile?)"


def test_iree_compile_s_flags_that_ask_for_what_is_done_are_taken() -> None:
    for flag in ("--verify", "--verify=true", "--compile-to=end", "--output-format=vm-bytecode"):
        assert parse_flags([flag]) == Options()
