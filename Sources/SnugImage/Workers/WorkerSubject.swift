// SPDX-License-Identifier: Apache-2.0
import CSandbox

/// The image in a file that a worker is asked for.
struct WorkerSubject {
    /// Pixels as decoded, before the part that is shown is cut out.
    var width: Int
    var height: Int
    var cropX = 0
    var cropY = 0
    var page = 0
    /// The profile that was read from the file here; a worker's own is not used then.
    var profile: [UInt8]?
    /// Another decoder than the format's usual one.
    var codec: snug_codec_format?
}
