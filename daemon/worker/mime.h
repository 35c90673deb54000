/* The media type of a file, by the end of its name. Pure. */
#ifndef DAEMON_WORKER_MIME_H
#define DAEMON_WORKER_MIME_H

/*
 * A value for Content-Type, charset included for text; "application/octet-stream" for names that
 * say nothing. The case of the suffix does not matter.
 */
const char *mime_type(const char *name);

#endif
