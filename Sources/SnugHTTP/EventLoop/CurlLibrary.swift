// SPDX-License-Identifier: Apache-2.0
internal import CCurl

/// libcurl, which is loaded by the first address or the first client, so that commands without a network start without
/// it.
enum CurlLibrary {
    /// Loads it, unless it is there.
    /// - Throws: `transport_failed` where it is not installed.
    static func load() throws(HTTPError) {
        guard let missing = unsafe snug_curl_load() else { return }
        throw HTTPError(
            .transportFailed,
            "libcurl could not be loaded (\(unsafe String(cString: missing))); install it (Debian: libcurl4)")
    }
}
