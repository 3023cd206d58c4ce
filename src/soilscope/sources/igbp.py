"""The classes of land cover of the IGBP, as MODIS numbers them.

Sulla-Menashe and Friedl (2018), User Guide to Collection 6 MODIS Land Cover (MCD12Q1 and MCD12C1).
"""

IGBP = {
    1: "evergreen_needleleaf_forests",
    2: "evergreen_broadleaf_forests",
    3: "deciduous_needleleaf_forests",
    4: "deciduous_broadleaf_forests",
    5: "mixed_forests",
    6: "closed_shrublands",
    7: "open_shrublands",
    8: "woody_savannas",
    9: "savannas",
    10: "grasslands",
    11: "permanent_wetlands",
    12: "croplands",
    13: "urban_and_built-up_lands",
    14: "cropland_and_natural_vegetation_mosaics",
    15: "permanent_snow_and_ice",
    16: "barren",
    17: "water_bodies",
}
#: CF attributes of codes of the IGBP.
FLAGS = {"flag_values": list(IGBP), "flag_meanings": " ".join(IGBP.values())}
WATER = 17
