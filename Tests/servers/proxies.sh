# SPDX-License-Identifier: Apache-2.0
# Proxies before UPSTREAM (host:port), one kind of trouble a port; sourced by run.sh. Each has $dir and $port.

# A certificate of nobody's but our own, for localhost and 127.0.0.1.
certificate() {
    [ -f cert.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null
    cat cert.pem key.pem >both.pem
}

# PORT    413 above 1 MiB                    PORT+1  keeps the body until it is whole   PORT+2 502, nothing behind it
# PORT+3  passes on                          PORT+4  closes without a word when the body rests for 1 s
# PORT+5  504 when UPSTREAM takes over 1 s   PORT+6  429 above a request in 2 s         PORT+7 the same with 503
# PORT+8  idle connections live for 20 ms    PORT+9  TLS with HTTP/2, 413 above 1 MiB   PORT+10 413 above 6 MiB
nginx_proxy() {
    mkdir -p tmp
    certificate
    cat >nginx.conf <<CONF
user $(id -un);
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log notice;
events { worker_connections 256; }
http {
    log_format plain '\$server_port \$request_method \$status \$request_uri';
    access_log $dir/access.log plain;
    client_body_temp_path $dir/tmp/b; proxy_temp_path $dir/tmp/p; fastcgi_temp_path $dir/tmp/f;
    uwsgi_temp_path $dir/tmp/u; scgi_temp_path $dir/tmp/s;
    limit_req_zone \$server_port zone=rate:1m rate=30r/m;
    client_max_body_size 0;
    proxy_http_version 1.1;
    proxy_set_header Host \$http_host;
    proxy_request_buffering off;
    server { listen 127.0.0.1:$port; location / { proxy_pass http://$UPSTREAM; client_max_body_size 1m; } }
    server { listen 127.0.0.1:$((port + 1)); location / { proxy_pass http://$UPSTREAM; proxy_request_buffering on; } }
    server { listen 127.0.0.1:$((port + 2)); location / { proxy_pass http://127.0.0.1:1; } }
    server { listen 127.0.0.1:$((port + 3)); location / { proxy_pass http://$UPSTREAM; } }
    server { listen 127.0.0.1:$((port + 4)); location / { proxy_pass http://$UPSTREAM; client_body_timeout 1s; } }
    server { listen 127.0.0.1:$((port + 5)); location / { proxy_pass http://$UPSTREAM; proxy_read_timeout 1s; } }
    server { listen 127.0.0.1:$((port + 6)); error_page 429 @slow;
        location / { proxy_pass http://$UPSTREAM; limit_req zone=rate; limit_req_status 429; }
        location @slow { add_header Retry-After 2 always; return 429; } }
    server { listen 127.0.0.1:$((port + 7)); error_page 503 @busy;
        location / { proxy_pass http://$UPSTREAM; limit_req zone=rate; limit_req_status 503; }
        location @busy { add_header Retry-After 2 always; return 503; } }
    server { listen 127.0.0.1:$((port + 8)); keepalive_timeout 20ms; location / { proxy_pass http://$UPSTREAM; } }
    server { listen 127.0.0.1:$((port + 9)) ssl http2; ssl_certificate $dir/cert.pem;
        ssl_certificate_key $dir/key.pem; location / { proxy_pass http://$UPSTREAM; client_max_body_size 1m; } }
    server { listen 127.0.0.1:$((port + 10)); location / { proxy_pass http://$UPSTREAM; client_max_body_size 6m; } }
}
CONF
    exec nginx -p "$dir" -e "$dir/error.log" -c "$dir/nginx.conf"
}

# PORT    413 above 1 MiB, by Content-Length    PORT+1  408 when a request that fits 16 KiB is not whole within 3 s
# PORT+2  504 when UPSTREAM takes over 1 s      PORT+3  503, nothing behind it
# PORT+4  429 above 3 requests in 5 s           PORT+5  two requests of seven are forgotten, a reset follows later
# PORT+6  passes on                             PORT+7  one request at a time, 503 after a second in the queue
# PORT+8  TLS with HTTP/2, handed on as it comes
haproxy_proxy() {
    certificate
    cat >haproxy.cfg <<CONF
global
    maxconn 256
    log stdout format raw local0
defaults
    mode http
    log global
    log-format "%fp %HM %ST %HU"
    timeout connect 1s
    timeout client 30s
    timeout server 60s
frontend limit
    bind 127.0.0.1:$port
    http-request deny deny_status 413 if { req.hdr_val(content-length) gt 1048576 }
    default_backend origin
frontend stall
    bind 127.0.0.1:$((port + 1))
    option http-buffer-request
    timeout http-request 3s
    default_backend origin
frontend gateway
    bind 127.0.0.1:$((port + 2))
    default_backend slow
frontend down
    bind 127.0.0.1:$((port + 3))
    default_backend nobody
frontend rate
    bind 127.0.0.1:$((port + 4))
    stick-table type ip size 1k expire 10s store http_req_rate(5s)
    # Before the counting, so that what is refused does not count.
    http-request return status 429 hdr Retry-After 5 if { src_http_req_rate gt 2 }
    http-request track-sc0 src
    default_backend origin
frontend drops
    bind 127.0.0.1:$((port + 5))
    stick-table type ip size 1k expire 10m store http_req_cnt
    http-request track-sc0 src
    # Chunks, and questions after them.
    http-request silent-drop if { sc_http_req_cnt(0),mod(7) 3:4 }
    default_backend origin
frontend pass
    bind 127.0.0.1:$((port + 6))
    default_backend origin
frontend queue
    bind 127.0.0.1:$((port + 7))
    default_backend single
frontend wire
    mode tcp
    log-format "%fp - 0 -"
    bind 127.0.0.1:$((port + 8)) ssl crt $dir/both.pem alpn h2
    default_backend wire
backend origin
    server o $UPSTREAM
backend slow
    timeout server 1s
    server o $UPSTREAM
backend nobody
    retries 0
    server o 127.0.0.1:1
backend single
    timeout queue 1s
    server o $UPSTREAM maxconn 1
backend wire
    mode tcp
    server o $UPSTREAM
CONF
    exec haproxy -db -f "$dir/haproxy.cfg"
}

# PORT    passes on                                     PORT+1  408 when the body comes slower than 1 MB/s
# PORT+2  502 (not 504) when UPSTREAM takes over 1 s    PORT+3  503, nothing behind it
# (LimitRequestBody does not apply to what is passed on; see apache in run.sh for it.)
apache_proxy() {
    local user=""
    if [ "$(id -u)" = 0 ]; then
        user=$'User www-data\nGroup www-data'
        chown www-data "$dir"
    fi
    cat >httpd.conf <<CONF
ServerRoot $dir
ServerName localhost
PidFile $dir/httpd.pid
ErrorLog $dir/error.log
LogFormat "%{local}p %m %>s %U" plain
CustomLog $dir/access.log plain
DefaultRuntimeDir $dir
$(for m in mpm_event authz_core reqtimeout proxy proxy_http; do
        echo "LoadModule ${m}_module /usr/lib/apache2/modules/mod_$m.so"
    done)
$user
RequestReadTimeout header=20 body=20,MinRate=500
$(for i in 0 1 2 3; do echo "Listen 127.0.0.1:$((port + i))"; done)
<VirtualHost *:$port>
  ProxyPass / http://$UPSTREAM/
</VirtualHost>
<VirtualHost *:$((port + 1))>
  RequestReadTimeout header=5 body=1,MinRate=1000000
  ProxyPass / http://$UPSTREAM/
</VirtualHost>
<VirtualHost *:$((port + 2))>
  ProxyPass / http://$UPSTREAM/ timeout=1 retry=0
</VirtualHost>
<VirtualHost *:$((port + 3))>
  ProxyPass / http://127.0.0.1:1/ retry=0
</VirtualHost>
CONF
    exec apache2 -d "$dir" -f "$dir/httpd.conf" -DFOREGROUND
}

# PORT    413 above 1 MiB, after a 100 and some of the body    PORT+1  passes on
# PORT+2  504 when UPSTREAM takes over 1 s                     PORT+3  502, nothing behind it
# PORT+4  TLS with HTTP/2, 413 above 1 MiB
caddy_proxy() {
    certificate
    cat >Caddyfile <<CONF
{
	admin off
	persist_config off
	auto_https off
	storage file_system $dir/storage
	default_bind 127.0.0.1
}
(journal) {
	log {
		output file $dir/access.log
		format json
	}
}
http://:$port {
	import journal
	request_body {
		max_size 1MiB
	}
	reverse_proxy $UPSTREAM
}
http://:$((port + 1)) {
	import journal
	reverse_proxy $UPSTREAM
}
http://:$((port + 2)) {
	import journal
	reverse_proxy $UPSTREAM {
		transport http {
			response_header_timeout 1s
		}
	}
}
http://:$((port + 3)) {
	import journal
	reverse_proxy 127.0.0.1:1
}
https://:$((port + 4)) {
	import journal
	tls $dir/cert.pem $dir/key.pem
	request_body {
		max_size 1MiB
	}
	reverse_proxy $UPSTREAM
}
CONF
    XDG_CONFIG_HOME="$dir" XDG_DATA_HOME="$dir" exec "$venv/bin/caddy" run --config Caddyfile --adapter caddyfile
}
