"""Machines: keys as attributes, and the command's messages."""

import pickle

import ennead
import pytest


def test_every_shipped_machine_loads_and_prints_what_the_command_prints(command):
    for name in ennead.machines():
        shown = command("config", "show", name)
        assert ennead.Config(name).to_toml().encode() == shown.stdout


def test_keys_are_attributes_with_their_types():
    config = ennead.Config("ennead")
    config.l1.banks = 32
    config["fpu.sharing"] = "pooled"
    assert config.l1.banks == 32
    assert config.fpu.sharing == "pooled"
    assert config.core.packed_fp16 is True
    assert "banks" in dir(config.l1)
    assert "l1" in dir(config)


@pytest.mark.parametrize(
    "key, value",
    [("l1.bank", "3"), ("l1.banks", "zero"), ("l1.banks", "7"), ("fpu.sharing", "perhaps"), ("core.isa", "avx")],
)
def test_mistakes_are_told_with_the_commands_words(command, key, value):
    with pytest.raises(ennead.InputError) as error:
        config = ennead.Config("ennead")
        config[key] = value
        config.check()
    shown = command("config", "show", "ennead", "--set", f"{key}={value}")
    assert shown.returncode == 200
    assert shown.stderr.decode().strip() == f"ennead: error: {error.value}"


def test_unknown_machines_sections_and_keys_are_refused():
    with pytest.raises(ennead.InputError, match="did you mean `vega`"):
        ennead.Config("vegaa")
    config = ennead.Config()
    with pytest.raises(AttributeError, match="no section"):
        config.l9
    with pytest.raises(AttributeError, match="unknown key"):
        config.l1.bank
    with pytest.raises(AttributeError, match="no section 'nosuch'"):
        ennead.Config().nosuch = 1
    with pytest.raises(AttributeError, match="is a section"):
        config.l1 = 3


def test_a_machine_survives_copy_and_pickle():
    config = ennead.Config("vega", {"l1.banks": 32})
    other = pickle.loads(pickle.dumps(config))
    assert other == config
    assert other.hash == config.hash
    copy = config.copy()
    copy.l1.banks = 8
    assert config.l1.banks == 32


def test_every_key_tells_its_unit_and_default():
    for key in ennead.keys():
        assert key["help"] and key["unit"] and "default" in key
