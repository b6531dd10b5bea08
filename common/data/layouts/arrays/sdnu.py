"""The toolbox of Shandong Normal University: BATCH, DCHUC, JDSH, ..."""

from common.data.layouts import layout

LAYOUT = layout.Split(
    "SDNU",
    {
        "query": ("I_te", "T_te", "L_te"),
        "retrieval": ("I_db", "T_db", "L_db"),
        "train": ("I_tr", "T_tr", "L_tr"),
    },
)
