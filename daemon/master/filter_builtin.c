/* What is ignored without being told so. */
#include "daemon/master/filter_builtin.h"

#include "common/attr.h"

#include <assert.h>

#define DIRECTORY FILTER_BUILTIN_DIRECTORY
#define FILE_NAME FILTER_BUILTIN_FILE
#define OUTPUT	  FILTER_BUILTIN_OUTPUT

static const struct filter_builtin builtins[] = {
	{".git", DIRECTORY, "version control"},
	{".hg", DIRECTORY, "version control"},
	{".svn", DIRECTORY, "version control"},
	{".bzr", DIRECTORY, "version control"},
	{".jj", DIRECTORY, "version control"},
	{".sl", DIRECTORY, "version control"},
	{"CVS", DIRECTORY, "version control"},
	{"__pycache__", DIRECTORY, "bytecode"},
	{"node_modules", DIRECTORY, "installed packages"},
	{"site-packages", DIRECTORY, "installed packages"},
	{"bower_components", DIRECTORY, "installed packages"},
	{"__pypackages__", DIRECTORY, "installed packages"},
	{".venv", DIRECTORY, "virtual environment"},
	{".direnv", DIRECTORY, "virtual environment"},
	{".tox", DIRECTORY, "virtual environments of tox"},
	{".nox", DIRECTORY, "virtual environments of nox"},
	{".mypy_cache", DIRECTORY, "cache"},
	{".ruff_cache", DIRECTORY, "cache"},
	{".pytest_cache", DIRECTORY, "cache"},
	{".pytype", DIRECTORY, "cache"},
	{".hypothesis", DIRECTORY, "cache"},
	{".ipynb_checkpoints", DIRECTORY, "checkpoints of notebooks"},
	{".eggs", DIRECTORY, "build output"},
	{"*.egg-info", DIRECTORY, "build output"},
	{".parcel-cache", DIRECTORY, "cache"},
	{".turbo", DIRECTORY, "cache"},
	{".idea", DIRECTORY, "settings of an editor"},
	{".vscode", DIRECTORY, "settings of an editor"},
	{".vs", DIRECTORY, "settings of an editor"},

	{"*.py[cod]", FILE_NAME, "bytecode"},
	{"*.pyc.*", FILE_NAME, "bytecode being written"},
	{"*~", FILE_NAME, "backup of an editor"},
	{".#*", FILE_NAME, "lock of emacs"},
	{"#*#", FILE_NAME, "autosave of emacs"},
	{"*.sw[nopx]", FILE_NAME, "swap file of vim"},
	{".*.un~", FILE_NAME, "undo file of vim"},
	{"4913", FILE_NAME, "probe of vim"},
	{"*___jb_tmp___", FILE_NAME, "temporary file of JetBrains editors"},
	{"*___jb_old___", FILE_NAME, "temporary file of JetBrains editors"},
	{"*___jb_bak___", FILE_NAME, "temporary file of JetBrains editors"},
	{".goutputstream-*", FILE_NAME, "temporary file of GLib"},
	{"*.kate-swp", FILE_NAME, "swap file of kate"},
	{"*.sb-*-??????", FILE_NAME, "temporary file of an editor"},
	{".nfs*", FILE_NAME, "file that NFS keeps for a program"},
	{".fuse_hidden*", FILE_NAME, "file that FUSE keeps for a program"},
	{".DS_Store", FILE_NAME, "view of a file manager"},
	{"._*", FILE_NAME, "attributes of a file from macOS"},
	{"Thumbs.db", FILE_NAME, "view of a file manager"},

	{"*.tmp", OUTPUT, "temporary file"},
	{"*.temp", OUTPUT, "temporary file"},
	{"*.log", OUTPUT, "log"},
	{"*.pid", OUTPUT, "process id"},
	{"*.orig", OUTPUT, "leftover of patch"},
	{"*.rej", OUTPUT, "leftover of patch"},
	{"*-journal", OUTPUT, "journal of a database"},
	{"*-wal", OUTPUT, "journal of a database"},
	{"*-shm", OUTPUT, "journal of a database"},
	{".coverage", OUTPUT, "coverage data"},
	{".coverage.*", OUTPUT, "coverage data"},
};

static_assert(ARRAY_LEN(builtins) <= FILTER_BUILTINS_MAX, "raise FILTER_BUILTINS_MAX");

const struct filter_builtin *filter_builtin_at(size_t i)
{
	return i < ARRAY_LEN(builtins) ? &builtins[i] : NULL;
}
