/* The option table: every option of blackbulld, once. */
#include "daemon/config/options.h"

#include "daemon/config/apply.h"

#include <string.h>

#define FIELD(member) \
	.offset = offsetof(struct config, member), .width = sizeof(((struct config *)0)->member)
#define SECOND	   1000u
#define DAY	   (24u * 3600 * SECOND)
#define HOUR_IN_MS 3600000u

/* In the order of --help; more than a field a line keeps an option in one glance. */
/* clang-format off */
static const struct option_def table[] = {
	{.name = "target", .kind = OPTION_KEY, .apply = apply_target},
	{.name = "command", .kind = OPTION_KEY, .apply = apply_command},

	{.group = GROUP_LISTENING, .name = "bind", .letter = 'b', .kind = OPTION_VALUE,
	 .arg = "ADDR", .separator = ',', .apply = apply_bind, FIELD(binds),
	 .otherwise = "127.0.0.1:8000, or what systemd passes",
	 .help = "where to listen: host:port, [v6]:port, :port (every address), unix:/path, or fd://N "
		 "(inherited); port 0 takes a free one; may be repeated"},
	{.group = GROUP_LISTENING, .name = "workers", .letter = 'w', .kind = OPTION_VALUE,
	 .arg = "N", .apply = apply_number, FIELD(workers), .max = 1024, .preset = "1",
	 .help = "worker processes; 0 means one a CPU"},

	{.group = GROUP_RELOADING, .name = "reload", .kind = OPTION_SWITCH, .apply = apply_switch,
	 FIELD(reload), .otherwise = "off", .help = "watch files, and reload when one changes"},
	{.group = GROUP_RELOADING, .name = "reload-path", .kind = OPTION_VALUE, .arg = "PATH",
	 .separator = ':', .apply = apply_list, FIELD(reload_paths),
	 .otherwise = "the current directory",
	 .help = "file or directory to watch; may be repeated"},
	{.group = GROUP_RELOADING, .name = "reload-include", .kind = OPTION_VALUE, .arg = "GLOB",
	 .separator = ',', .apply = apply_list, FIELD(reload_include),
	 .otherwise = "*.py for applications, else all",
	 .help = "files that count; may be repeated"},
	{.group = GROUP_RELOADING, .name = "reload-exclude", .kind = OPTION_VALUE, .arg = "GLOB",
	 .separator = ',', .apply = apply_list, FIELD(reload_exclude),
	 .help = "files and directories that do not, besides .git, __pycache__, node_modules, "
		 "virtual environments, editors' temporary files; may be repeated"},
	{.group = GROUP_RELOADING, .name = "reload-delay", .kind = OPTION_VALUE, .arg = "MS",
	 .apply = apply_number, FIELD(reload_delay_ms), .max = HOUR_IN_MS, .preset = "3",
	 .help = "quiet time after a save before the reload"},
	{.group = GROUP_RELOADING, .name = "reload-poll", .kind = OPTION_OPTIONAL, .arg = "MS",
	 .apply = apply_poll, FIELD(reload_poll_ms), .otherwise = "off; alone: 500",
	 .help = "poll that often instead of using inotify, for file systems that send no events"},
	{.group = GROUP_RELOADING, .name = "build", .kind = OPTION_VALUE, .arg = "CMD",
	 .apply = apply_string, FIELD(build),
	 .help = "shell command to run before each handover; if it fails, the old generation stays"},
	{.group = GROUP_RELOADING, .name = "handover", .kind = OPTION_VALUE, .arg = "fresh|overlap",
	 .apply = apply_handover, .otherwise = "fresh with --reload, else overlap",
	 .help = "fresh: never serve old code after a change; overlap: serve it until the new is "
		 "ready"},
	{.group = GROUP_RELOADING, .name = "ready-timeout", .kind = OPTION_VALUE, .arg = "S",
	 .apply = apply_seconds, FIELD(ready_timeout_ms), .min = 1, .max = DAY, .preset = "30",
	 .help = "a generation that is not ready by then has failed"},
	{.group = GROUP_RELOADING, .name = "drain-timeout", .kind = OPTION_VALUE, .arg = "S",
	 .apply = apply_seconds, FIELD(drain_timeout_ms), .max = DAY, .preset = "10",
	 .help = "time for old workers to finish what they are serving"},

	{.group = GROUP_APPS, .name = "interface", .kind = OPTION_VALUE, .arg = "auto|asgi|wsgi",
	 .apply = apply_choice, FIELD(interface), .preset = "auto",
	 .help = "how the application is called"},
	{.group = GROUP_APPS, .name = "python", .kind = OPTION_VALUE, .arg = "PATH",
	 .apply = apply_string, FIELD(python), .preset = "python3",
	 .help = "interpreter, 3.9 or newer; a name is looked up in PATH"},
	{.group = GROUP_APPS, .name = "app-dir", .kind = OPTION_VALUE, .arg = "DIR",
	 .apply = apply_string, FIELD(app_dir), .otherwise = ".",
	 .help = "directory to import the application from"},
	{.group = GROUP_APPS, .name = "root-path", .kind = OPTION_VALUE, .arg = "PREFIX",
	 .apply = apply_root_path, FIELD(root_path),
	 .help = "path under which a proxy shows the application, such as /api"},
	{.group = GROUP_APPS, .name = "lifespan", .kind = OPTION_VALUE, .arg = "auto|on|off",
	 .apply = apply_choice, FIELD(lifespan), .preset = "auto",
	 .help = "ASGI startup and shutdown events"},

	{.group = GROUP_COMMANDS, .name = "ready", .kind = OPTION_VALUE,
	 .arg = "notify|delay:MS|auto", .apply = apply_ready, .preset = "auto",
	 .help = "when a command counts as ready: when it says so (sd_notify), after a time, or when "
		 "it says so or is seen to wait for connections"},

	{.group = GROUP_HTTP, .name = "access-log", .kind = OPTION_SWITCH, .apply = apply_switch,
	 FIELD(access_log), .preset = "on", .help = "log each request"},
	{.group = GROUP_HTTP, .name = "limit-body", .kind = OPTION_VALUE, .arg = "SIZE",
	 .apply = apply_size, FIELD(limits.body_max), .preset = "100m",
	 .help = "largest request body"},
	{.group = GROUP_HTTP, .name = "limit-request-line", .kind = OPTION_VALUE, .arg = "SIZE",
	 .apply = apply_size, FIELD(limits.request_line_max), .preset = "8k",
	 .help = "longest request line"},
	{.group = GROUP_HTTP, .name = "limit-header", .kind = OPTION_VALUE, .arg = "SIZE",
	 .apply = apply_size, FIELD(limits.header_max), .preset = "16k",
	 .help = "longest header line"},
	{.group = GROUP_HTTP, .name = "limit-headers", .kind = OPTION_VALUE, .arg = "N",
	 .apply = apply_number, FIELD(limits.headers_max), .preset = "100",
	 .help = "most headers of a request"},
	{.group = GROUP_HTTP, .name = "limit-head", .kind = OPTION_VALUE, .arg = "SIZE",
	 .apply = apply_size, FIELD(limits.head_max), .preset = "64k",
	 .help = "request line and headers together"},
	{.group = GROUP_HTTP, .name = "limit-concurrency", .kind = OPTION_VALUE, .arg = "N",
	 .apply = apply_number, FIELD(limits.concurrency), .preset = "0",
	 .help = "requests at once in a worker; more are answered with 503"},
	{.group = GROUP_HTTP, .name = "max-connections", .kind = OPTION_VALUE, .arg = "N",
	 .apply = apply_number, FIELD(limits.connections_max), .preset = "10000",
	 .help = "open connections of a worker; more wait in the kernel's queue"},
	{.group = GROUP_HTTP, .name = "max-requests", .kind = OPTION_VALUE, .arg = "N",
	 .apply = apply_number, FIELD(limits.requests_max), .preset = "0",
	 .help = "replace a worker after so many requests"},
	{.group = GROUP_HTTP, .name = "timeout-header", .kind = OPTION_VALUE, .arg = "S",
	 .apply = apply_seconds, FIELD(limits.header_timeout_ms), .max = DAY, .preset = "10",
	 .help = "for a request's head, from its first byte to its last"},
	{.group = GROUP_HTTP, .name = "timeout-body", .kind = OPTION_VALUE, .arg = "S",
	 .apply = apply_seconds, FIELD(limits.body_timeout_ms), .max = DAY, .preset = "30",
	 .help = "between two pieces of a request's body"},
	{.group = GROUP_HTTP, .name = "timeout-keep-alive", .kind = OPTION_VALUE, .arg = "S",
	 .apply = apply_seconds, FIELD(limits.keep_alive_timeout_ms), .max = DAY, .preset = "75",
	 .help = "for an idle connection between requests"},
	{.group = GROUP_HTTP, .name = "timeout-write", .kind = OPTION_VALUE, .arg = "S",
	 .apply = apply_seconds, FIELD(limits.write_timeout_ms), .max = DAY, .preset = "60",
	 .help = "for a client that takes nothing of its response"},
	{.group = GROUP_HTTP, .name = "forwarded-allow-ips", .kind = OPTION_VALUE, .arg = "LIST",
	 .apply = apply_peers, FIELD(forwarded_allow_ips), .otherwise = "nobody",
	 .help = "proxies whose X-Forwarded headers are believed: addresses and networks with "
		 "commas between them, or *"},

	{.group = GROUP_DAEMON, .name = "detach", .letter = 'd', .kind = OPTION_SWITCH,
	 .apply = apply_switch, FIELD(detach), .otherwise = "off",
	 .help = "go to the background, once the first generation serves or has failed; write to "
		 "daemon.log in the instance's folder"},
	{.group = GROUP_DAEMON, .name = "log-level", .kind = OPTION_VALUE,
	 .arg = "error|warn|info|debug", .apply = apply_log_level, .preset = "info",
	 .help = "least severe messages to show"},
	{.group = GROUP_DAEMON, .name = "log-format", .kind = OPTION_VALUE, .arg = "text|json",
	 .apply = apply_log_format, .preset = "text", .help = "form of the log lines"},
	{.group = GROUP_DAEMON, .name = "admin", .kind = OPTION_VALUE, .arg = "PATH|off",
	 .apply = apply_string, FIELD(admin), .otherwise = "in the instance's folder",
	 .help = "socket for blackbullctl"},
	{.group = GROUP_DAEMON, .name = "name", .kind = OPTION_VALUE, .arg = "NAME",
	 .apply = apply_name, FIELD(name), .otherwise = "from directory and target",
	 .help = "name of this instance"},

	{.group = GROUP_OTHER, .name = "config", .kind = OPTION_VALUE, .arg = "FILE",
	 .otherwise = "blackbulld.conf, if it is there",
	 .help = "read options from this file"},
	{.group = GROUP_OTHER, .name = "check", .letter = 'n', .kind = OPTION_ACTION,
	 .action = CONFIG_CHECK, .help = "check options and configuration, run nothing"},
	{.group = GROUP_OTHER, .name = "version", .letter = 'V', .kind = OPTION_ACTION,
	 .action = CONFIG_VERSION, .help = "print the version"},
	{.group = GROUP_OTHER, .name = "help", .letter = 'h', .kind = OPTION_ACTION,
	 .action = CONFIG_HELP, .help = "print this"},
};
/* clang-format on */
_Static_assert(ARRAY_LEN(table) <= OPTIONS_MAX, "arrays beside the table are too short");

const struct option_def *option_table(size_t *count)
{
	*count = ARRAY_LEN(table);
	return table;
}

size_t option_index(const struct option_def *o)
{
	return (size_t)(o - table);
}

const struct option_def *option_find(const char *name, bool *negated)
{
	bool no = strncmp(name, "no-", 3) == 0;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].name, name) == 0) {
			*negated = false;
			return &table[i];
		}
		if (no && table[i].kind == OPTION_SWITCH && strcmp(table[i].name, name + 3) == 0) {
			*negated = true;
			return &table[i];
		}
	}
	return NULL;
}

const char *option_nearest(const char *word, bool keys)
{
	const char *names[OPTIONS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (keys ? option_in_file(&table[i]) : option_on_line(&table[i]))
			names[n++] = table[i].name;
	return str_nearest(word, names, n);
}

const char *option_group_title(enum option_group g)
{
	static const char *const titles[OPTION_GROUPS] = {
		[GROUP_LISTENING] = "Listening",
		[GROUP_RELOADING] = "Reloading",
		[GROUP_APPS] = "Applications",
		[GROUP_COMMANDS] = "Commands",
		[GROUP_HTTP] = "HTTP (applications and sites)",
		[GROUP_DAEMON] = "The daemon",
		[GROUP_OTHER] = "Other",
	};

	return titles[g];
}
