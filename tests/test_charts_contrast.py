"""Text on charts can be read: 4.5:1 against its ground, by the formula of WCAG 2.2 and figures published with it."""

import pytest

from jiejian.charts.contrast import LEAST, contrast, ink_on, readable, shade_at
from jiejian.charts.counted import SHADES
from jiejian.charts.parts import BETTER, CATEGORIES, INK, MARK, RED, SECOND, WORSE


# The darkest grey that just fails and the lightest that just passes on white are textbook: #777777 and #767676.
@pytest.mark.parametrize(
    ("colour", "ratio"), [("#000000", 21.0), ("#FFFFFF", 1.0), ("#767676", 4.54), ("#777777", 4.48), ("#FF0000", 4.0)]
)
def test_contrast_on_white_is_the_published_one(colour, ratio):
    assert contrast(colour) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize("ground", [*CATEGORIES, *SHADES, BETTER, WORSE, MARK, "#8FB3D4", "#6F8FB3", "#777777", "#808080"])
def test_there_is_an_ink_for_every_ground(ground):
    assert contrast(ink_on(ground), ground) >= LEAST


@pytest.mark.parametrize("share", [i / 20 for i in range(21)])
def test_figures_in_a_heat_map_can_be_read_on_every_shade(share):
    ground = shade_at((*SHADES[:4], "#35424F"), share)
    assert contrast(ink_on(ground), ground) >= LEAST


def test_a_scale_meets_its_shades():
    assert [shade_at(SHADES, i / 4) for i in range(5)] == list(SHADES)
    assert shade_at(("#000000", "#FFFFFF"), 0.5) == "#808080"


@pytest.mark.parametrize("colour", [*CATEGORIES, BETTER, WORSE, MARK])
def test_a_name_in_the_colour_of_its_line_can_be_read_and_is_no_lighter_than_the_line(colour):
    assert contrast(readable(colour)) >= LEAST
    assert contrast(readable(colour)) >= contrast(colour)


@pytest.mark.parametrize("colour", [RED, INK, SECOND, BETTER])
def test_what_can_be_read_stays_as_it_is(colour):
    assert readable(colour) == colour
