// SPDX-License-Identifier: Apache-2.0
internal import CCurl
internal import HTTPTypes
internal import SystemPackage

extension Transfer {
    /// Sets every option that the request and the configuration ask for.
    func configure(_ configuration: HTTPClientConfiguration) throws(HTTPError) {
        try handle.set(CURLOPT_URL, request.url.text)
        // A signature covers the path as it is written.
        try handle.set(CURLOPT_PATH_AS_IS, 1)
        try handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_FOLLOWLOCATION, 0)
        try handle.set(CURLOPT_NOSIGNAL, 1)
        // Without it, giving up during a slow name resolution blocks the whole loop until the resolver returns.
        try handle.set(CURLOPT_QUICK_EXIT, 1)
        try handle.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Asks for no compression, and undoes what comes compressed all the same: the sinks' limits count what comes out.
        try handle.set(CURLOPT_ACCEPT_ENCODING, "identity")
        try configureConnection(configuration)
        try configureTLS(configuration)
        try configureMethod(configuration)
    }

    private func configureConnection(_ configuration: HTTPClientConfiguration) throws(HTTPError) {
        let connect = max(1, Int(request.clocks.connectTimeout.seconds * 1000))
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, connect)
        try handle.set(CURLOPT_FRESH_CONNECT, request.usesFreshConnection ? 1 : 0)
        // Servers close idle connections after 60 s and more; younger ones rarely turn out dead.
        try handle.set(CURLOPT_MAXAGE_CONN, 50)
        try handle.set(CURLOPT_TCP_KEEPALIVE, 1)
        // While the server thinks, probes tell a machine that thinks from one that is gone. Two of them go unanswered
        // before the connection counts as dead, which takes the stall timeout in all.
        let probing = max(5, Int((request.clocks.stallTimeout ?? .seconds(20)).seconds))
        try handle.set(CURLOPT_TCP_KEEPIDLE, probing - 2 * (probing / 5))
        try handle.set(CURLOPT_TCP_KEEPINTVL, probing / 5)
        switch configuration.proxy {
        case .environment: break
        case .none: try handle.set(CURLOPT_PROXY, "")
        case .url(let proxy): try handle.set(CURLOPT_PROXY, proxy.text)
        }
    }

    private func configureTLS(_ configuration: HTTPClientConfiguration) throws(HTTPError) {
        try handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        try handle.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let extra = configuration.additionalCertificates { try handle.set(CURLOPT_CAINFO, extra.string) }
    }

    private func configureMethod(_ configuration: HTTPClientConfiguration) throws(HTTPError) {
        try handle.set(CURLOPT_BUFFERSIZE, 64 * 1024)
        if hasBody {
            // This libcurl loses an early 413 over HTTP/2, so whatever has a body goes by HTTP/1.1.
            try handle.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
            try handle.set(CURLOPT_UPLOAD, 1)
            try handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            try handle.set(CURLOPT_INFILESIZE_LARGE, bytes: announcedLength ?? -1)
            try handle.set(CURLOPT_UPLOAD_BUFFERSIZE, chunkSize)
            let timeout = max(1, Int(configuration.continueTimeout.seconds * 1000))
            try handle.set(CURLOPT_EXPECT_100_TIMEOUT_MS, timeout)
        } else {
            let version = configuration.speaksPlainHTTP2 ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_2TLS
            try handle.set(CURLOPT_HTTP_VERSION, Int(version))
            if request.method == .head {
                try handle.set(CURLOPT_NOBODY, 1)
            } else {
                try handle.set(CURLOPT_HTTPGET, 1)
                if request.method != .get { try handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
            }
        }
    }
}
