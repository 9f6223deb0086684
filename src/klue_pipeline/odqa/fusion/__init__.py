"""Several runs become one."""
