// SPDX-License-Identifier: Apache-2.0

/// An ICC profile whose frame has been checked, so that a library may be trusted with what is inside.
///
/// The checks are those of ICC.1:2022 §7 that a reader depends on: size, signature, class, colour space and a tag table
/// that stays inside the profile.
struct CheckedICCProfile {
    /// Exactly the profile: padding after it is cut off.
    let bytes: [UInt8]

    /// The reason not to use a profile, in words that complete "the colour profile …".
    struct Defect: Error, Hashable {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Most tags: Little CMS keeps no more, real profiles have about 10 to 30.
    private static let maximumTagCount = 100
    private static let tableStart = ICCProfile.minimumByteCount

    /// Checks a profile against its own frame and the image that carries it.
    init(checking bytes: [UInt8], for model: SampleLayout.Model, maximumByteCount: Int) throws(Defect) {
        guard bytes.count <= maximumByteCount else {
            throw Defect("has \(bytes.count) bytes, more than the \(maximumByteCount) that are read")
        }
        let profile = ICCProfile(bytes)
        if let defect = profile.defect(for: model.profileSpace) { throw Defect(defect) }
        let size = profile.declaredByteCount
        try Self.checkKind(profile)
        try Self.checkTagTable(bytes, size: size)
        self.bytes = bytes.count == size ? bytes : Array(bytes[..<size])
    }

    private static func checkKind(_ profile: ICCProfile) throws(Defect) {
        let deviceClass = profile.signature(at: 12)
        guard ["scnr", "mntr", "prtr", "spac"].contains(deviceClass) else {
            throw Defect("is of class '\(deviceClass)', which describes no image")
        }
        let connectionSpace = profile.signature(at: 20)
        guard connectionSpace == "XYZ " || connectionSpace == "Lab " else {
            throw Defect("connects through '\(connectionSpace)', which is neither XYZ nor Lab")
        }
    }

    private static func checkTagTable(_ bytes: [UInt8], size: Int) throws(Defect) {
        let count = integer(bytes, at: tableStart - 4)
        guard (1...maximumTagCount).contains(count) else { throw Defect("has \(count) tags") }
        let tableEnd = tableStart + count * 12
        guard tableEnd <= size else { throw Defect("has a tag table that runs past its end") }
        var elements: [Range<Int>] = []
        for entry in stride(from: tableStart, to: tableEnd, by: 12) {
            let offset = integer(bytes, at: entry + 4)
            let length = integer(bytes, at: entry + 8)
            // Both came from 32 bits, so the sum cannot overflow.
            guard offset >= tableEnd, length >= 8, offset + length <= size else {
                throw Defect("has a tag outside its bounds")
            }
            elements.append(offset..<offset + length)
        }
        elements.sort { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
        for (one, next) in zip(elements, elements.dropFirst())
        where next.lowerBound < one.upperBound && next.lowerBound != one.lowerBound {
            // Tags may share one element, as three equal tone curves do; they may not lie across each other.
            throw Defect("has tags that overlap")
        }
    }

    /// Callers have checked that the four bytes are there.
    private static func integer(_ bytes: [UInt8], at offset: Int) -> Int {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
}

extension SampleLayout.Model {
    /// The colour space that a profile for such samples has.
    fileprivate var profileSpace: ICCProfile.Space {
        switch self {
        case .gray: .gray
        case .rgb: .rgb
        case .cmyk, .invertedCMYK: .cmyk
        }
    }
}
