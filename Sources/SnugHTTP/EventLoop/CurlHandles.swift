// SPDX-License-Identifier: Apache-2.0
internal import CCurl

/// Owner of one libcurl easy handle. Used on the network thread only, once it has been submitted.
@safe
struct EasyHandle: ~Copyable {
    /// The handle for libcurl calls, which nobody else keeps.
    let raw: UnsafeMutableRawPointer

    init?() {
        guard let raw = unsafe snug_curl_easy_init() else { return nil }
        unsafe self.raw = raw
    }

    deinit { unsafe snug_curl_easy_cleanup(raw) }

    /// The key of the transfer, found by the handle that libcurl names.
    var key: UInt { unsafe UInt(bitPattern: raw) }

    func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
        try check(unsafe snug_curl_set_long(raw, option, value))
    }

    func set(_ option: CURLoption, bytes value: Int) throws(HTTPError) {
        try check(unsafe snug_curl_set_offset(raw, option, curl_off_t(value)))
    }

    func set(_ option: CURLoption, _ value: String) throws(HTTPError) {
        try check(unsafe snug_curl_set_string(raw, option, value))
    }

    func number(_ info: CURLINFO) -> Int { unsafe snug_curl_get_long(raw, info, 0) }
    func bytes(_ info: CURLINFO) -> Int { unsafe Int(snug_curl_get_offset(raw, info, 0)) }

    func check(_ code: CURLcode) throws(HTTPError) {
        guard code != CURLE_OK else { return }
        let words = unsafe String(cString: snug_curl_easy_strerror(code))
        throw HTTPError(
            code == CURLE_OUT_OF_MEMORY ? .outOfMemory : .invalidRequest, "libcurl refused an option: \(words)")
    }
}

/// Owner of a header list, which libcurl reads for as long as the transfer lasts.
@safe
struct HeaderList: ~Copyable {
    private(set) var raw: UnsafeMutablePointer<curl_slist>?

    deinit { unsafe snug_curl_slist_free_all(raw) }

    init() { unsafe raw = nil }

    mutating func append(_ line: String) throws(HTTPError) {
        guard let longer = unsafe snug_curl_slist_append(raw, line) else {
            throw HTTPError(.outOfMemory, "no memory for a header; free some and try again")
        }
        unsafe raw = longer
    }
}

/// Owner of the multi handle and with it of the connection cache.
@safe
struct MultiHandle: ~Copyable {
    let raw: UnsafeMutableRawPointer
    /// The sockets of its connections.
    let sockets: OpaquePointer

    init?() {
        let created = unsafe snug_sockets_create { address, count in
            let bytes = unsafe Array(UnsafeBufferPointer(start: address, count: count))
            return PublicAddress.contains(bytes) ? 1 : 0
        }
        guard let sockets = unsafe created else { return nil }
        guard let raw = unsafe snug_curl_multi_init() else {
            unsafe snug_sockets_free(sockets)
            return nil
        }
        unsafe self.raw = raw
        unsafe self.sockets = sockets
    }

    deinit {
        // Closing the idle connections still asks for the sockets.
        unsafe snug_curl_multi_cleanup(raw)
        unsafe snug_sockets_free(sockets)
    }

    func set(_ option: CURLMoption, _ value: Int) {
        _ = unsafe snug_curl_multi_set_long(raw, option, value)
    }

    /// The one libcurl call that any thread may make.
    func wakeUp() { _ = unsafe snug_curl_multi_wakeup(raw) }
}
