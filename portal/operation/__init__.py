"""What whoever runs the portal needs: backups, and a check of the installation."""
