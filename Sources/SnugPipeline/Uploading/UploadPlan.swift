// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP
import SnugSystem
public import SnugUpload
import SystemPackage

/// The remote addresses of all files of a run, decided before the first byte leaves.
public enum UploadPlan {
    /// The reaction to two files that would get the same address.
    public enum Collisions: Sendable, Hashable {
        /// An error that names both.
        case refuse
        /// A number in the name of the later one: `a.jpg`, `a-2.jpg`.
        case number
    }

    /// The address of one file.
    public struct Entry: Sendable, Hashable {
        /// The file.
        public var input: UploadInput
        /// The address that the file is sent to.
        public var url: HTTPURL
    }

    /// Gives every file its address.
    ///
    /// With S3, PUT and ranged PUT the address is the object's own: one that ends in `/` gets each file's name added,
    /// any other can take one file. The other protocols send all files to one endpoint, which names the objects itself.
    /// - Throws: `name_collision` when two files would get the same address; `invalid_target`.
    public static func addresses(
        of inputs: [UploadInput], below base: HTTPURL, _ uploadProtocol: UploadProtocol,
        ranged: RangedPutStyle = .inPlace, collisions: Collisions = .refuse
    ) throws(UploadError) -> [Entry] {
        let namesObjects = namesObjects(uploadProtocol)
        let isFolder = namesObjects && base.path.hasSuffix("/")
        let isShared = !namesObjects || (uploadProtocol == .rangedPut && ranged == .startsSession)
        var taken: [String: UploadInput] = [:]
        var entries: [Entry] = []
        for input in inputs {
            var url = isFolder ? try address(of: input.name.bytes, below: base) : base
            if let first = taken[url.text], !isShared {
                guard collisions == .number, isFolder else { throw collision(first, input, at: url, below: base) }
                url = try numbered(input, below: base) { taken[$0.text] == nil }
            }
            taken[url.text] = input
            entries.append(Entry(input: input, url: url))
        }
        return entries
    }

    /// True where the address is the object's own.
    static func namesObjects(_ uploadProtocol: UploadProtocol) -> Bool {
        [.s3, .put, .rangedPut].contains(uploadProtocol)
    }

    /// The address of a name below a folder's address; any other address as it is.
    static func address(
        of name: FilePath, below base: HTTPURL, _ uploadProtocol: UploadProtocol
    ) throws(UploadError) -> HTTPURL {
        guard namesObjects(uploadProtocol), base.path.hasSuffix("/") else { return base }
        return try address(of: name.bytes, below: base)
    }

    /// The first address with a number that no file has.
    private static func numbered(
        _ input: UploadInput, below base: HTTPURL, isFree: (HTTPURL) -> Bool
    ) throws(UploadError) -> HTTPURL {
        let name = input.name.bytes
        let start = name.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        // The dot of a hidden file begins its name.
        let dot = name[min(start + 1, name.count)...].lastIndex(of: UInt8(ascii: ".")) ?? name.count
        for number in 2... {
            let url = try address(of: name[..<dot] + Array("-\(number)".utf8) + name[dot...], below: base)
            if isFree(url) { return url }
        }
        throw collision(input, input, at: base, below: base)
    }

    static func address(of name: [UInt8], below base: HTTPURL) throws(UploadError) -> HTTPURL {
        let path = base.path + percentEncoded(name) + (base.query.map { "?\($0)" } ?? "")
        do throws(HTTPError) {
            return try HTTPURL("\(base.scheme)://\(base.authority)\(path)")
        } catch {
            throw UploadError(.invalidTarget, error.message, cause: error)
        }
    }

    private static func collision(
        _ first: UploadInput, _ second: UploadInput, at url: HTTPURL, below base: HTTPURL
    ) -> UploadError {
        UploadError(
            .nameCollision,
            "\(PrintableName.of(first.file)) and \(PrintableName.of(second.file)) would both be uploaded to \(url), and "
                + "one would replace the other; "
                + (base.path.hasSuffix("/") ? "" : "give an address that ends in '/', ")
                + "upload one of them elsewhere, or number the names")
    }

    private static func percentEncoded(_ name: [UInt8]) -> String {
        name.map { byte in
            let scalar = UnicodeScalar(byte)
            let isPlain = byte < 128 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || "-._~/".utf8.contains(byte) ? String(scalar) : "%" + [byte].hexadecimal.uppercased()
        }.joined()
    }
}
