/* What a Python source file binds at its top level, read off its text: nothing is executed. Pure. */
#ifndef DAEMON_CONFIG_PYTHON_SOURCE_H
#define DAEMON_CONFIG_PYTHON_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether an unindented statement binds `name` to something that may be called: "name = …" and "name: T = …" (but not
 * None), "def name(", "async def name(", "class name", "from … import name". Strings, comments and brackets
 * are seen for what they are (docs.python.org/3/reference/lexical_analysis.html); "import name" binds a module.
 */
bool python_source_defines(const char *text, size_t len, const char *name);

#endif
