// SPDX-License-Identifier: Apache-2.0
#include "CPostgres.h"

#include "CLibraries.h"

#if __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#include <libpq-fe.h>
#endif
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#ifdef __APPLE__
#define LIBRARY "libpq.5.dylib"
#else
#define LIBRARY "libpq.so.5"
#endif

static struct {
    void *library;
    __typeof__(&PQclear) clear;
    __typeof__(&PQcmdTuples) cmdTuples;
    __typeof__(&PQconnectdbParams) connectdbParams;
    __typeof__(&PQconninfoFree) conninfoFree;
    __typeof__(&PQconninfoParse) conninfoParse;
    __typeof__(&PQerrorMessage) errorMessage;
    __typeof__(&PQexec) exec;
    __typeof__(&PQexecPrepared) execPrepared;
    __typeof__(&PQfinish) finish;
    __typeof__(&PQgetisnull) getisnull;
    __typeof__(&PQgetlength) getlength;
    __typeof__(&PQgetvalue) getvalue;
    __typeof__(&PQnfields) nfields;
    __typeof__(&PQntuples) ntuples;
    __typeof__(&PQprepare) prepare;
    __typeof__(&PQresultErrorField) resultErrorField;
    __typeof__(&PQresultErrorMessage) resultErrorMessage;
    __typeof__(&PQresultStatus) resultStatus;
    __typeof__(&PQserverVersion) serverVersion;
    __typeof__(&PQsetNoticeReceiver) setNoticeReceiver;
    __typeof__(&PQstatus) status;
    __typeof__(&PQtransactionStatus) transactionStatus;
} pq;

static void load(void) {
    static const snug_symbol symbols[] = {
        { "PQclear", &pq.clear },
        { "PQcmdTuples", &pq.cmdTuples },
        { "PQconnectdbParams", &pq.connectdbParams },
        { "PQconninfoFree", &pq.conninfoFree },
        { "PQconninfoParse", &pq.conninfoParse },
        { "PQerrorMessage", &pq.errorMessage },
        { "PQexec", &pq.exec },
        { "PQexecPrepared", &pq.execPrepared },
        { "PQfinish", &pq.finish },
        { "PQgetisnull", &pq.getisnull },
        { "PQgetlength", &pq.getlength },
        { "PQgetvalue", &pq.getvalue },
        { "PQnfields", &pq.nfields },
        { "PQntuples", &pq.ntuples },
        { "PQprepare", &pq.prepare },
        { "PQresultErrorField", &pq.resultErrorField },
        { "PQresultErrorMessage", &pq.resultErrorMessage },
        { "PQresultStatus", &pq.resultStatus },
        { "PQserverVersion", &pq.serverVersion },
        { "PQsetNoticeReceiver", &pq.setNoticeReceiver },
        { "PQstatus", &pq.status },
        { "PQtransactionStatus", &pq.transactionStatus },
    };
    pq.library = snug_library_open(LIBRARY, symbols, sizeof symbols / sizeof *symbols);
}

const char *snug_pg_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return pq.library ? NULL : LIBRARY;
}

static void be_quiet(void *argument, const PGresult *result) {
    (void)argument;
    (void)result;
}

snug_pg_connection *snug_pg_connect(const char *connection_string) {
    // Later ones win: the connection string may change all but the encoding. A peer that says nothing any more is given
    // up after half a minute.
    const char *const keywords[] = {"connect_timeout",    "keepalives_idle", "keepalives_interval",
                                    "keepalives_count",   "tcp_user_timeout", "fallback_application_name",
                                    "dbname",             "client_encoding", NULL};
    const char *const values[] = {"10", "10", "5", "4", "30000", "snug", connection_string, "UTF8", NULL};
    PGconn *connection = pq.connectdbParams(keywords, values, 1);
    if (connection) pq.setNoticeReceiver(connection, be_quiet, NULL);
    return connection;
}

void snug_pg_close(snug_pg_connection *connection) { pq.finish(connection); }

bool snug_pg_is_connected(snug_pg_connection *connection) { return pq.status(connection) == CONNECTION_OK; }

bool snug_pg_is_in_transaction(snug_pg_connection *connection) {
    PGTransactionStatusType status = pq.transactionStatus(connection);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

const char *snug_pg_message(snug_pg_connection *connection) { return pq.errorMessage(connection); }

int snug_pg_version(snug_pg_connection *connection) { return pq.serverVersion(connection); }

snug_pg_result *snug_pg_run(snug_pg_connection *connection, const char *sql) { return pq.exec(connection, sql); }

snug_pg_result *snug_pg_prepare(snug_pg_connection *connection, const char *name, const char *sql) {
    return pq.prepare(connection, name, sql, 0, NULL);
}

snug_pg_result *snug_pg_execute(snug_pg_connection *connection, const char *name, int count,
                                const char *const *values) {
    return pq.execPrepared(connection, name, count, values, NULL, NULL, 0);
}

snug_pg_status snug_pg_result_status(const snug_pg_result *result) {
    switch (pq.resultStatus(result)) {
    case PGRES_TUPLES_OK: return SNUG_PG_ROWS;
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY: return SNUG_PG_DONE;
    default: return SNUG_PG_FAILED;
    }
}

const char *snug_pg_result_state(const snug_pg_result *result) {
    const char *state = pq.resultErrorField(result, PG_DIAG_SQLSTATE);
    return state ? state : "";
}

const char *snug_pg_result_message(const snug_pg_result *result) {
    const char *message = pq.resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return message ? message : pq.resultErrorMessage(result);
}

int snug_pg_result_row_count(const snug_pg_result *result) { return pq.ntuples(result); }

int snug_pg_result_column_count(const snug_pg_result *result) { return pq.nfields(result); }

int snug_pg_result_changed_count(snug_pg_result *result) { return atoi(pq.cmdTuples(result)); }

const char *snug_pg_result_value(const snug_pg_result *result, int row, int column, size_t *length) {
    if (pq.getisnull(result, row, column)) return NULL;
    *length = (size_t)pq.getlength(result, row, column);
    return pq.getvalue(result, row, column);
}

void snug_pg_result_free(snug_pg_result *result) { pq.clear(result); }

bool snug_pg_is_connection_string(const char *text) {
    PQconninfoOption *options = pq.conninfoParse(text, NULL);
    pq.conninfoFree(options);
    return options != NULL;
}

char *snug_pg_connection_value(const char *connection_string, const char *keyword) {
    PQconninfoOption *options = pq.conninfoParse(connection_string, NULL);
    char *found = NULL;
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        if (option->val && strcmp(option->keyword, keyword) == 0) found = strdup(option->val);
    pq.conninfoFree(options);
    return found;
}
