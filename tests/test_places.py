"""Names of places as offices write them."""

import pytest

from etl.atlas import Atlas
from etl.places import Gazetteer, Place, alias_names, place_id


def community(name: str, street: str = "柳河街道", aliases: str = "") -> Place:
    parent = place_id("street", street)
    return Place(place_id(parent, name), "street", name, "社区", parent, aliases=aliases)


STREET = Place("street/柳河街道", "street", "柳河街道", "街道")


@pytest.fixture
def gazetteer() -> Gazetteer:
    found = Gazetteer("street")
    found.add([STREET, community("春和社区", aliases="老春和、向阳居委会"), community("望湖社区"), community("新村")])
    return found


@pytest.mark.parametrize(
    "written",
    [
        "春和社区",
        "春和",
        "春和社区居委会",
        "春和居委会",
        " 春 和 社 区 ",
        "春和社区\n",
        "柳河街道春和社区",
        "老春和",
        "向阳居委会",
        "向阳社区",
        "street/柳河街道/春和社区",
        "柳河街道/春和社区",
    ],
)
def test_every_way_to_write_a_community(gazetteer, written):
    assert gazetteer.find(written) == "street/柳河街道/春和社区"


def test_a_name_that_ends_like_a_suffix_is_a_name(gazetteer):
    assert gazetteer.find("新村") == "street/柳河街道/新村"


def test_an_unknown_name_is_refused_with_the_nearest(gazetteer):
    with pytest.raises(ValueError, match=r"^不在名册中，最接近的是“望湖社区”$"):
        gazetteer.find("望胡社区")
    with pytest.raises(ValueError, match=r"^不在名册中$"):
        gazetteer.find("开发区")


def test_a_name_that_fits_two_places_is_refused(gazetteer):
    gazetteer.add([Place("street/柳南街道", "street", "柳南街道", "街道"), community("春和社区", "柳南街道")])
    with pytest.raises(ValueError, match=r"^有 2 处同名：柳河街道/春和社区、柳南街道/春和社区$"):
        gazetteer.find("春和社区")
    assert gazetteer.find("柳南街道/春和社区") == "street/柳南街道/春和社区"


def test_a_community_is_meant_before_a_grid_of_the_same_name(gazetteer):
    parent = "street/柳河街道/望湖社区"
    gazetteer.add([Place(place_id(parent, "望湖"), "street", "望湖", "网格", parent)])
    assert gazetteer.find("望湖") == parent


def test_alias_lists():
    assert alias_names("滨河、老滨河社区;东园/西园") == ["滨河", "老滨河社区", "东园", "西园"]
    assert alias_names(None) == []


def test_a_street_under_a_new_name_takes_its_places_along():
    atlas = Atlas("street")
    grid = Place(
        place_id(community("春和社区").place_id, "第一网格"), "street", "第一网格", "网格", community("春和社区").place_id
    )
    atlas.take([STREET, community("春和社区"), community("望湖社区")])
    atlas.take([grid])
    atlas.take(
        [Place("street/柳河镇", "street", "柳河镇", "街道"), community("春和社区", "柳河镇"), community("望湖社区", "柳河镇")]
    )
    assert sorted(p.place_id for p in atlas.places.values() if p.kind == "社区") == [
        "street/柳河镇/春和社区",
        "street/柳河镇/望湖社区",
    ]
    assert atlas.now("street/柳河街道/春和社区") == "street/柳河镇/春和社区"
    assert atlas.now("street/柳河街道/春和社区/第一网格") == "street/柳河镇/春和社区/第一网格"
    assert atlas.places["street/柳河镇/春和社区/第一网格"].parent_id == "street/柳河镇/春和社区"


def test_a_community_under_a_new_name_is_the_same_place():
    atlas = Atlas("street")
    atlas.take([STREET, community("春和社区")])
    atlas.take([STREET, community("新春和社区", aliases="春和社区")])
    assert [p.name for p in atlas.places.values() if p.kind == "社区"] == ["新春和社区"]
    assert atlas.now("street/柳河街道/春和社区") == "street/柳河街道/新春和社区"
