"""What must not be collected is found by its names, and words that only look like it are left alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from creditlab.catalogue.findings import Severity
from creditlab.catalogue.lint import lint
from creditlab.catalogue.prohibited import ban_on, secrecy_ban
from tests.spec.lintable import (
    FIELD,
    places,
    set_cell,
    write_catalogue,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "catalogue")


PROHIBITED_FIELDS = [
    ("field", "religion"), ("field", "bloodType"), ("field", "BLOOD_TYPE"), ("field", "gene_sample"),
    ("field", "DNASample"), ("field", "left_fingerprint"), ("field", "medical_history"), ("field", "XK_ZJXY"),
    ("field", "xuexing"), ("field", "zong_jiao"), ("field", "jiyin"), ("field", "zhiwen"), ("field", "bingshi"),
    ("name_zh", "宗教信仰"), ("name_zh", "基因信息"), ("name_zh", "指 纹"), ("name_zh", "血型"),
    ("name_zh", "既往病史"), ("name_zh", "信教群众"), ("name_zh", "是否信教"),
    ("name_zh", "疾病名称"), ("name_en", "Blood group"), ("name_en", "Illness"), ("name_en", "Fingerprints"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value"), PROHIBITED_FIELDS)
def test_a_prohibited_field_is_found_by_each_of_its_names(root: Path, column: str, value: str) -> None:
    set_cell(root, FIELD, 5, column, value)
    found = lint(root)
    assert places(found) == [("prohibited_content", FIELD, 5, column)]
    assert found[0].severity is Severity.ERROR
    assert "Article 4" in found[0].do


@pytest.mark.parametrize(
    "name",
    ["general_manager", "generated_on", "职务", "ZW", "许可内容", "宗教活动场所登记", "农业转基因生物安全证书",
     "诚信教育示范单位", "失信教职工名单", "守信教育基地", "电信教育服务许可",
     "Religious affairs", "疾病预防控制机构许可", "breach of faith", "Xinyang", "secretary"],
)  # fmt: skip
def test_innocent_names_are_left_alone(name: str) -> None:
    assert ban_on(name) is None
    assert secrecy_ban(name) is None


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("local_catalogue_suzhou", "name_zh"),
        ("local_catalogue_yibin_pingxiang", "name_zh"),
        ("sgs_fields_2018", "name_zh"),
        ("sgs_fields_2018", "field"),
        ("gbt4754_2017", "name_zh"),
    ],
)
def test_real_catalogues_raise_no_false_alarm(shared_dir: Path, file: str, column: str) -> None:
    with (shared_dir / "data" / f"{file}.csv").open(encoding="utf-8-sig", newline="") as handle:
        names = [row[column] for row in csv.DictReader(handle)]
    assert len(names) > 50
    assert [name for name in names if ban_on(name)] == []


def test_an_allowed_phrase_does_not_cover_what_stands_beside_it() -> None:
    assert ban_on("宗教活动场所教职人员宗教信仰") is not None
    assert ban_on("religious affairs, religion of staff") is not None
    assert ban_on("诚信教育对象信教情况") is not None
