/*
 * dinopeer: a plugin of Dino (Debian's 0.4.2), which does what its user would:
 * it logs an account in, and takes the files of a peer or sends it one.
 *
 * dino.sh loads it into Dino twice: as a plugin, and before all libraries, so
 * that Dino connects to the server of a test and trusts its CA.  It is told by
 * the environment what to do, and prints a line for each state of a file.
 *
 * What is called of GLib and Dino is declared here, as the programs that run
 * tests need not have their headers.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* GLib */

typedef size_t	type_id;
typedef void	callback(void);

#define OBJECT_SIZE	24	/* bytes of a GObject, and of its class */
#define CLASS_SIZE	136

struct interface_info {
	void	(*init)(void *iface, void *data);
	void	(*finalize)(void *iface, void *data);
	void	*data;
};

type_id	 g_object_get_type(void);
type_id	 g_type_register_static_simple(type_id, const char *, unsigned,
	    callback *, unsigned, callback *, unsigned);
void	 g_type_add_interface_static(type_id, type_id,
	    const struct interface_info *);
void	*g_object_ref(void *);
void	 g_object_unref(void *);
unsigned long g_signal_connect_data(void *, const char *, callback *, void *,
	    callback *, int);
unsigned g_timeout_add(unsigned, int (*)(void *), void *);
void	*g_file_new_for_path(const char *);
char	*g_file_get_path(void *);
void	*g_tls_file_database_new(const char *, void **);

/* Dino */

struct root_interface {
	type_id	 types[2];
	void	(*registered)(void *self, void *app);
	void	(*shutdown)(void *self);
};

enum file_state {
	FILE_COMPLETE,
	FILE_IN_PROGRESS,
	FILE_NOT_STARTED,
	FILE_FAILED
};

extern void *dino_file_manager_IDENTITY, *dino_conversation_manager_IDENTITY;
type_id	 dino_plugins_root_interface_get_type(void);
type_id	 dino_file_manager_get_type(void);
type_id	 dino_conversation_manager_get_type(void);
void	*dino_application_get_stream_interactor(void *);
void	*dino_application_get_db(void *);
void	*dino_stream_interactor_get_module(void *, type_id, void *(*)(void *),
	    void (*)(void *), void *);
void	 dino_stream_interactor_connect_account(void *, void *);
void	*xmpp_jid_new(const char *, void **);
void	*dino_entities_account_new(void *, const char *, const char *,
	    const char *);
void	 dino_entities_account_persist(void *, void *);
void	 dino_entities_account_set_enabled(void *, int);
void	*dino_conversation_manager_create_conversation(void *, void *, void *,
	    const int *);
void	 dino_conversation_manager_start_conversation(void *, void *);
void	 dino_file_manager_send_file(void *, void *, void *, callback *,
	    void *);
void	 dino_file_manager_download_file(void *, void *, callback *, void *);
enum file_state dino_entities_file_transfer_get_state(void *);
const char *dino_entities_file_transfer_get_file_name(void *);
void	*dino_entities_file_transfer_get_file(void *);

/* This plugin. */
type_id	 register_plugin(void *module);
void	 g_socket_client_connect_to_host_async(void *, const char *, uint16_t,
	    void *, callback *, void *);
void	*g_tls_backend_get_default_database(void *);

static void	*app, *files, *conversation;

/* "": not set. */
static const char *
env(const char *name)
{
	const char	*s = getenv(name);

	return s != NULL ? s : "";
}

static void
say(void *transfer)
{
	static const char *const	 names[] = {
		[FILE_COMPLETE] = "complete",
		[FILE_IN_PROGRESS] = "moving",
		[FILE_NOT_STARTED] = "offered",
		[FILE_FAILED] = "failed",
	};
	void	*file = dino_entities_file_transfer_get_file(transfer);

	printf("%s: %s: %s\n",
	    names[dino_entities_file_transfer_get_state(transfer)],
	    dino_entities_file_transfer_get_file_name(transfer),
	    file != NULL ? g_file_get_path(file) : "");
	fflush(stdout);
}

static void
on_state(void *transfer, void *property, void *arg)
{
	(void)property;
	(void)arg;
	say(transfer);
}

/* Of a file that goes, too. */
static void
on_file(void *manager, void *transfer, void *with, void *arg)
{
	(void)with;
	(void)arg;
	say(transfer);
	g_signal_connect_data(g_object_ref(transfer), "notify::state",
	    (callback *)on_state, NULL, NULL, 0);
	if (dino_entities_file_transfer_get_state(transfer) ==
	    FILE_NOT_STARTED)
		dino_file_manager_download_file(manager, transfer, NULL, NULL);
}

/* Once the file $DINO_GO is there, which says that the peer is. */
static int
send_file(void *arg)
{
	(void)arg;
	if (access(env("DINO_GO"), F_OK) == -1)
		return 1;
	dino_file_manager_send_file(files, g_file_new_for_path(
	    env("DINO_SEND")), conversation, NULL, NULL);
	return 0;
}

static void *
module(void *interactor, type_id type, void *identity)
{
	return dino_stream_interactor_get_module(interactor, type,
	    g_object_ref, g_object_unref, identity);
}

static int
log_in(void *arg)
{
	static const int chat;
	void	*interactor, *db, *account, *manager;

	(void)arg;
	interactor = dino_application_get_stream_interactor(app);
	db = dino_application_get_db(app);
	if (interactor == NULL || db == NULL)
		return 1;
	files = module(interactor, dino_file_manager_get_type(),
	    dino_file_manager_IDENTITY);
	manager = module(interactor, dino_conversation_manager_get_type(),
	    dino_conversation_manager_IDENTITY);
	g_signal_connect_data(files, "received-file", (callback *)on_file,
	    NULL, NULL, 0);
	account = dino_entities_account_new(xmpp_jid_new(env("DINO_JID"),
	    NULL), "dino", env("DINO_PASSWORD"), NULL);
	dino_entities_account_persist(account, db);
	dino_entities_account_set_enabled(account, 1);
	dino_stream_interactor_connect_account(interactor, account);
	conversation = dino_conversation_manager_create_conversation(manager,
	    xmpp_jid_new(env("DINO_PEER"), NULL), account, &chat);
	dino_conversation_manager_start_conversation(manager, conversation);
	if (*env("DINO_SEND") != '\0')
		g_timeout_add(50, send_file, NULL);
	return 0;
}

/* What the plugin needs is there once Dino has begun. */
static void
registered(void *self, void *application)
{
	(void)self;
	app = application;
	g_timeout_add(50, log_in, NULL);
}

static void
shut_down(void *self)
{
	(void)self;
}

static void
init_interface(void *iface, void *data)
{
	struct root_interface	*root = iface;

	(void)data;
	root->registered = registered;
	root->shutdown = shut_down;
}

type_id
register_plugin(void *unused)
{
	static const struct interface_info	 info = {
		.init = init_interface,
	};
	type_id	 t = g_type_register_static_simple(g_object_get_type(),
		     "DinoPeer", CLASS_SIZE, NULL, OBJECT_SIZE, NULL, 0);

	(void)unused;
	g_type_add_interface_static(t, dino_plugins_root_interface_get_type(),
	    &info);
	return t;
}

/*
 * In the place of GLib's
 */

void
g_socket_client_connect_to_host_async(void *client, const char *host,
    uint16_t port, void *cancellable, callback *fn, void *arg)
{
	void	(*next)(void *, const char *, uint16_t, void *, callback *,
		    void *);

	*(void **)&next = dlsym(RTLD_NEXT, __func__);
	if (port == 5222) {
		host = "127.0.0.1";
		port = (uint16_t)strtoul(env("DINO_PORT"), NULL, 10);
	}
	next(client, host, port, cancellable, fn, arg);
}

void *
g_tls_backend_get_default_database(void *backend)
{
	(void)backend;
	return g_tls_file_database_new(env("DINO_CA"), NULL);
}
