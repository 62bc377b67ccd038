// SPDX-License-Identifier: MIT
// env - this process's environment, changed without allocating

#include <string.h>
#include <unistd.h>
#include "env.h"

enum { VARIABLES = 256 };

static char *variables[VARIABLES + 1];

// The environment is ours from the first change on.
static void take_over(void)
{
	int count = 0;

	if (environ == variables)
		return;
	for (; environ && environ[count] && count < VARIABLES - 1; count++)
		variables[count] = environ[count];
	variables[count] = NULL;
	environ = variables;
}

// Where KEY or "KEY=..." stands; the end of the list if it does not.
static char **find(const char *key)
{
	size_t length = strcspn(key, "=");
	char **p = variables;

	while (*p && (strncmp(*p, key, length) || (*p)[length] != '='))
		p++;
	return p;
}

void env_set(const char *assignment)
{
	char **p;

	take_over();
	p = find(assignment);
	if (p == variables + VARIABLES)
		return;
	if (!*p)
		p[1] = NULL;
	*p = (char *)assignment;
}

void env_default(const char *assignment)
{
	take_over();
	if (!*find(assignment))
		env_set(assignment);
}

void env_unset(const char *key)
{
	take_over();
	for (char **p = find(key); *p; p++)
		*p = p[1];
}
