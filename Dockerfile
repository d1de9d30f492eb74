# The course in a container, for one person, who is not root:
#   docker build --tag convnet-course .
#   docker run --rm --init --publish 127.0.0.1:8888:8888 --volume convnet-work:/home/student/work convnet-course
# Open the address that it prints. The volume convnet-work keeps what you write.

# What a development container needs, too: .devcontainer/ builds this stage.
FROM python:3.12-slim AS tools
RUN apt-get update && \
    apt-get install --yes --no-install-recommends git make && \
    rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 --shell /bin/bash student && \
    install --directory --owner student --group student /home/student/work

# The course belongs to root: the student reads it, and writes into the home folder only.
FROM tools AS course
COPY . /course
RUN python /course/install.py && \
    { /course/.venv/bin/python -m compileall -q -j 0 /course/.venv/lib /course/utils || true; } && \
    rm -rf "$HOME/.cache"
ENV PATH=/course/.venv/bin:$PATH
USER student
WORKDIR /home/student
EXPOSE 8888
CMD ["course", "start", "work", "--", "--ip=0.0.0.0", "--port=8888", "--no-browser"]
