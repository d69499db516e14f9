// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The upload and the generation of each image.
struct WatchStageOptions: ParsableArguments, SettingOptions {
    @Option(
        help: ArgumentHelp(
            "Upload each image to this server. For s3 and put, the address ends in '/' and gets each name added.",
            valueName: "url"))
    var to: String?

    @Option(
        name: .customLong("protocol"),
        help: ArgumentHelp(
            "auto (asks the server), tus, resumable, s3, ranged-put, put or form. (default: auto)", valueName: "name"),
        completion: .list(["auto", "tus", "resumable", "s3", "ranged-put", "put", "form"]))
    var uploadProtocol: String?

    @Option(
        help: ArgumentHelp(
            "A header for every upload, 'Name: value'; a secret as 'Name: ${env:VARIABLE}' or 'Name: ${file:PATH}'.",
            valueName: "header"))
    var header: [String] = []

    @Option(
        help: ArgumentHelp(
            "Generate an image from each at pollinations, elumenta or openai; the key comes from the provider's variable.",
            valueName: "provider"),
        completion: .list(["pollinations", "elumenta", "openai"]))
    var generate: String?

    @Option(help: ArgumentHelp("The prompt of every image that brings none in NAME.json beside it.", valueName: "text"))
    var prompt: String?

    @Option(help: ArgumentHelp("The model. (default: the provider's)", valueName: "name"))
    var model: String?

    @Option(help: ArgumentHelp("The size of generated images, such as 1024x768.", valueName: "size"))
    var size: String?

    @Option(help: ArgumentHelp("The address of the provider's API.", valueName: "url"))
    var baseURL: String?

    @Option(help: ArgumentHelp("A file with the provider's key in its first line.", valueName: "file"))
    var keyFile: String?

    /// The name of the account that the options make.
    static let account = "main"

    var given: [(key: String, values: [String], option: String)] {
        Self.one("upload.to", to, "--to") + Self.one("upload.protocol", uploadProtocol, "--protocol")
            + Self.many("upload.headers", header, "--header")
            + Self.one("generate.account", generate == nil ? nil : Self.account, "--generate")
            + Self.one("generate.prompt", prompt, "--prompt") + Self.one("generate.model", model, "--model")
            + Self.one("generate.size", size, "--size")
    }

    /// The settings of the account.
    var givenOfAccount: [(key: String, values: [String], option: String)] {
        Self.one("provider", generate, "--generate") + Self.one("base_url", baseURL, "--base-url")
            + Self.one("key_file", keyFile, "--key-file")
    }
}
