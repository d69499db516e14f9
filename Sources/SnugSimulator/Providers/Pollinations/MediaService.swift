// SPDX-License-Identifier: Apache-2.0

/// The simulated media.pollinations.ai.
struct MediaService: Service {
    /// The most bytes of a file, decoded.
    static let limit = 104_857_600

    let world: World
    let bank: PollinationsBank

    private struct Upload {
        var bytes: [UInt8]
        var contentType: String
        var name: String?
        var tags: [String] = []
        var id: String?
    }

    private struct ProviderFailure: Error {
        var reply: Reply
        init(_ status: Int, _ message: String) { reply = Reply(status, json: ["error": .text(message)]) }
    }

    func respond(to request: Request, plan: JobPlan) async -> Reply {
        do throws(ProviderFailure) {
            let segments = request.segments
            switch (request.method, segments.first ?? "", segments.count) {
            case ("POST", "upload", 1): return try upload(request)
            case ("GET", "media", 1): return try list(request)
            case ("DELETE", "media", 2): return try remove(request, segments[1])
            case ("GET", let id, 2) where segments[1] == "metadata": return Reply(200, json: json(try file(id)))
            case ("GET", let id, 1), ("HEAD", let id, 1):
                let file = try file(id)
                return Reply(
                    200,
                    [
                        "Content-Type": file.contentType, "X-Content-Id": file.id,
                        "X-Content-Size": String(file.bytes.count),
                    ], body: .bytes(file.bytes))
            default: throw ProviderFailure(404, "Not found")
            }
        } catch {
            return error.reply
        }
    }

    private func upload(_ request: Request) throws(ProviderFailure) -> Reply {
        let owner = try holder(request).account.name
        let upload = request.contentType == "multipart/form-data" ? try form(request) : try json(request)
        guard upload.bytes.count <= Self.limit else { throw ProviderFailure(413, "File too large. Max size: 100MB") }
        guard !upload.bytes.isEmpty else { throw ProviderFailure(400, "Empty file") }
        if let id = upload.id {
            let isPlain = id.utf8.allSatisfy { Self.idBytes.contains($0) }
            guard (1...128).contains(id.utf8.count), isPlain else { throw ProviderFailure(400, "Invalid id") }
        }
        let digest = Digest.hexadecimal(upload.bytes)
        let file = MediaStore.File(
            id: upload.id ?? "\(digest.prefix(8))-\(request.number)", owner: owner, bytes: upload.bytes,
            contentType: upload.contentType, name: upload.name, tags: upload.tags, createdAt: world.clock.iso8601())
        guard world.media.add(file) else { throw ProviderFailure(409, "A file with this id already exists") }
        return Reply(200, json: json(file))
    }

    private static let idBytes = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8)

    private func form(_ request: Request) throws(ProviderFailure) -> Upload {
        guard let form = Multipart(request) else { throw ProviderFailure(400, "Malformed multipart body") }
        let files = form.parts.filter { $0.filename != nil }
        guard files.count == 1, let file = files.first, file.name == "file" else {
            throw ProviderFailure(400, "Expected one file in the field 'file'")
        }
        let texts = form.parts.filter { $0.filename == nil }
        guard texts.count <= 20, texts.allSatisfy({ $0.bytes.count <= 8192 }) else {
            throw ProviderFailure(400, "Too many or too long fields")
        }
        if let stranger = texts.first(where: { !["tags", "id"].contains($0.name) }) {
            throw ProviderFailure(400, "Unknown field '\(stranger.name)'")
        }
        let tags = (form.text("tags") ?? "").split(separator: ",").map { String($0).trimmedBlanks }
        return Upload(
            bytes: file.bytes, contentType: file.contentType ?? "application/octet-stream", name: file.filename,
            tags: tags, id: form.text("id"))
    }

    private func json(_ request: Request) throws(ProviderFailure) -> Upload {
        guard request.contentType == "application/json", let body = JSON.parse(request.body)?.object else {
            throw ProviderFailure(400, "Expected multipart or JSON")
        }
        if let stranger = body.keys.first(where: { !["data", "contentType", "name", "tags", "id"].contains($0) }) {
            throw ProviderFailure(400, "Unknown field '\(stranger)'")
        }
        guard let text = body["data"]?.text else { throw ProviderFailure(400, "Missing data") }
        let isURI = text.hasPrefix("data:")
        let encoded = isURI ? String(text.drop { $0 != "," }.dropFirst()) : text
        guard let bytes = Base64.decode(encoded) else { throw ProviderFailure(400, "data is not base64") }
        let uriType = isURI ? text.dropFirst(5).prefix { $0 != ";" && $0 != "," } : ""
        return Upload(
            bytes: bytes,
            contentType: body["contentType"]?.text ?? (uriType.isEmpty ? "application/octet-stream" : String(uriType)),
            name: body["name"]?.text, tags: (body["tags"]?.array ?? []).compactMap(\.text), id: body["id"]?.text)
    }

    private func list(_ request: Request) throws(ProviderFailure) -> Reply {
        let owner = try holder(request).account.name
        let limit = request.value("limit").map { Int($0) ?? 0 } ?? 20
        guard (1...100).contains(limit) else { throw ProviderFailure(400, "limit must be 1 to 100") }
        let start = max(0, request.value("cursor").flatMap { Int($0) } ?? 0)
        let all = world.media.all(owner: owner).filter { file in
            request.value("tag").map { file.tags.contains($0) } ?? true
        }
        let page = all.dropFirst(start).prefix(limit)
        let next: JSON = start + page.count < all.count ? .text(String(start + page.count)) : nil
        return Reply(200, json: ["items": .array(page.map(json)), "cursor": next])
    }

    private func remove(_ request: Request, _ id: String) throws(ProviderFailure) -> Reply {
        let holder = try holder(request)
        guard holder.isSecret else { throw ProviderFailure(403, "Deletion needs a secret key") }
        guard world.media.remove(id, owner: holder.account.name) else { throw ProviderFailure(404, "Not found") }
        return Reply(200, json: ["deleted": true, "id": .text(id)])
    }

    private func holder(_ request: Request) throws(ProviderFailure) -> PollinationsBank.Holder {
        do throws(PollinationsError) {
            return try bank.holder(request)
        } catch {
            throw ProviderFailure(401, "Missing or invalid API key")
        }
    }

    private func file(_ id: String) throws(ProviderFailure) -> MediaStore.File {
        guard let file = world.media[id] else { throw ProviderFailure(404, "Not found") }
        return file
    }

    private func json(_ file: MediaStore.File) -> JSON {
        var members: [String: JSON] = [
            "id": .text(file.id), "url": .text("\(world.base(.media))/\(file.id)"),
            "contentType": .text(file.contentType), "size": .integer(file.bytes.count),
        ]
        if !file.tags.isEmpty { members["tags"] = .array(file.tags.map(JSON.text)) }
        return .object(members)
    }

    func failure(_ status: Int, _ request: Request) -> Reply? {
        let texts = [
            400: "Bad request", 401: "Missing or invalid API key", 409: "A file with this id already exists",
            413: "File too large. Max size: 100MB", 500: "Internal error",
        ]
        return texts[status].map { failure(status, message: $0) }
    }

    func failure(named code: String, _ request: Request) -> Reply? { failure(400, message: code) }

    func failure(_ status: Int, message: String) -> Reply { ProviderFailure(status, message).reply }
}
