# SPDX-License-Identifier: Apache-2.0
"""A part of an upload is bytes like any others."""
import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
