// SPDX-License-Identifier: Apache-2.0
internal import CCurl

/// libcurl, which is loaded by the first address or the first client, so that commands without a network start without
/// it.
public enum CurlLibrary {
    /// Its version and those of the libraries that it uses, such as `libcurl/7.88.1 OpenSSL/3.0.17`.
    /// - Throws: `transport_failed` where it is not installed.
    public static func version() throws(HTTPError) -> String {
        try load()
        return unsafe String(cString: snug_curl_version())
    }

    /// Loads it, unless it is there.
    /// - Throws: `transport_failed` where it is not installed.
    static func load() throws(HTTPError) {
        guard let missing = unsafe snug_curl_load() else { return }
        throw HTTPError(
            .transportFailed,
            "libcurl could not be loaded (\(unsafe String(cString: missing))); install it (Debian: libcurl4)")
    }
}
