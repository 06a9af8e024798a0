"""The verbs of every menu, a class a menu; together they are the `Editor`."""
