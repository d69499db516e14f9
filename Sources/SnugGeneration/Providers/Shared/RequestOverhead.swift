// SPDX-License-Identifier: Apache-2.0

/// What a request has besides its images: a safe estimate.
enum RequestOverhead {
    static func bytes(prompt: String, images: Int) -> Int {
        // Heads of parts are about 200 bytes each; names of files and further fields come on top.
        prompt.utf8.count + 8192 + 1024 * images
    }
}
