"""The settings of open-domain question answering; the values live in ``conf/`` below ``odqa:``."""
